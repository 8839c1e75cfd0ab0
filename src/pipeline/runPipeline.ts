import { InputError, RareflowError, UsageError } from '../errors.js';
import { type Operator, type OperatorContext, operator } from '../flow/operator.js';
import { type Rejects, warnOfReject } from '../flow/rejects.js';
import type { Position, ResumeFrom } from '../flow/resume.js';
import { gate } from '../flow/takeUntil.js';
import type { DataRecord } from '../record.js';
import type { Checkpoint } from './checkpoint.js';
import { CheckpointedRun } from './checkpointedRun.js';
import { NumberedSource } from './numberedSource.js';
import { type RunProgress, Tally } from './progress.js';

/** A named step of a pipeline. */
export interface PipelineStage {
  name: string;
  operator: Operator<DataRecord, DataRecord>;
}

/** What the source of a run is given: `(context) => readRecords('corpus.jsonl', context)`. */
export interface SourceContext {
  signal?: AbortSignal | undefined;
  /** Takes bad lines. */
  rejects: Rejects;
  /** Called with how many bytes of the input were read, and of how many where that is known, to tell when the run will end. */
  onBytes: (bytesRead: number, totalBytes: number | undefined) => void;
  /** Called before items are given, with where the source could be gone on with. A source that cannot tell need not. */
  onPosition: (position: Position) => void;
  /**
   * Go on from here. A source that never told a position is not asked: it gives all items again, and those that are done are
   * left out by their number.
   */
  resume?: ResumeFrom | undefined;
}

export interface PipelineOptions {
  /** Opens the input. */
  source: (context: SourceContext) => AsyncIterable<DataRecord>;
  stages: PipelineStage[];
  /** Writes records and passes them on; default: none. A run with a checkpoint writes to the checkpoint's `output`. */
  sink?: Operator<DataRecord, DataRecord> | undefined;
  /** Where rejects go. Default: a process warning each. A run with a checkpoint writes them to its `rejects`. */
  rejects?: Rejects | undefined;
  /** Makes it a run that can be killed at any moment and gone on with. */
  checkpoint?: Checkpoint | undefined;
  /** Read so many records and bad lines at most, those of earlier sessions among them. */
  limit?: number | undefined;
  /** Aborting it ends the input: what is in flight is finished and written, then its reason is thrown. */
  stop?: AbortSignal | undefined;
  /** Aborting it ends the run at once with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called every `progressIntervalMs`, and at the end, also where the run failed: then with what is safely written. Rates and `eta` go by the times it is called. */
  onProgress?: ((progress: RunProgress) => void) | undefined;
  /** Default 1,000. */
  progressIntervalMs?: number | undefined;
}

/**
 * Runs source → stages → sink to the end and accounts for every record.
 *
 * With a `checkpoint` the run can be killed at any moment and started again with the same call: it goes on after its last
 * commit, and its counts are those of all sessions together. Every record then knows its number in the input; a stage that
 * makes its records from scratch keeps it with `inPlaceOf(record, made)`.
 *
 * Throws InputError for an input without records or of which none got through, or that is not what an earlier session read;
 * UsageError where an earlier session had other settings; whatever a stage or the sink threw; and RareflowError where
 * in + extra ≠ out + rejects, which would be a defect of rareflow.
 */
export async function runPipeline(options: PipelineOptions): Promise<RunProgress> {
  const { source, stages, sink, rejects = warnOfReject, checkpoint, limit = Number.POSITIVE_INFINITY } = options;
  const { stop, signal, onProgress, progressIntervalMs = 1000 } = options;
  if (checkpoint !== undefined && (sink ?? options.rejects) !== undefined) {
    throw new UsageError('a run with a checkpoint takes no sink and no rejects', { hint: 'the checkpoint has both' });
  }
  const names = stages.map(({ name }) => name);
  const run = checkpoint && (await CheckpointedRun.begin(checkpoint, names));
  const tally = new Tally(names, run, limit);
  if (run?.isDone) {
    onProgress?.(tally.committed());
    return tally.committed();
  }

  const rejectsOf =
    (place: number): Rejects =>
    (reject) => {
      tally.reject(place, reject);
      if (run === undefined) return rejects(reject);
      run.settler.reject(place, reject);
      return run.room();
    };
  const numbered = new NumberedSource({
    limit,
    resume: run?.resume,
    isFinished: run && ((ordinal) => run.settler.finished.has(ordinal)),
    isTraced: run !== undefined,
    onRecord: (ordinal) => {
      tally.records += 1;
      run?.settler.enter(ordinal);
    },
    onRefused: (reject, ordinal) => {
      tally.reject(-1, reject);
      if (run === undefined) return rejects(reject);
      run.settler.refuse(ordinal, reject);
      return run.room();
    },
  });
  if (run !== undefined) run.source = numbered;
  const input = source({
    signal,
    rejects: (reject) => numbered.refuse(reject),
    onBytes: (read, total) => {
      tally.readShare = total === undefined || total === 0 ? undefined : read / total;
    },
    onPosition: (position) => numbered.onPosition(position),
    resume: run?.resume,
  });
  let stream: AsyncIterable<DataRecord> = operator<DataRecord, DataRecord>((items) => numbered.records(items))(
    gate<DataRecord>({ stop })(input, { signal }),
    { signal },
  );
  for (const [place, stage] of stages.entries()) {
    const onExtra: OperatorContext['onExtra'] = (count, record) => {
      tally.extra(place, count);
      run?.settler.extra(place, count, record);
    };
    stream = tally.given(place)(
      stage.operator(stream, {
        signal,
        rejects: rejectsOf(place),
        onExtra,
        onWork: (change) => tally.work(place, change),
      }),
    );
  }

  const timer = onProgress && setInterval(() => onProgress(tally.progress()), progressIntervalMs).unref();
  let hasFailed = true;
  try {
    if (run === undefined) {
      const some = orNothing(() => nothing(tally.progress()))(stream);
      const written = sink === undefined ? some : sink(some, { signal, rejects: rejectsOf(stages.length) });
      for await (const _ of written) tally.out += 1;
      checkBooks(tally.progress());
    } else {
      for await (const record of stream) {
        run.settler.output(record);
        const full = run.room();
        if (full !== undefined) await full;
      }
      checkBooks(tally.progress());
      const hasResult = run.counts.out > 0 || checkpoint?.mends !== undefined;
      if (hasResult) await run.finish();
      else await run.giveUp();
      if (!hasResult) throw nothing(tally.progress());
    }
    hasFailed = false;
    return tally.progress();
  } finally {
    clearInterval(timer);
    if (hasFailed) await run?.leave();
    onProgress?.(hasFailed ? tally.committed() : tally.progress());
  }
}

/** Throws where a record is neither out nor rejected. */
function checkBooks({ in: read, out, rejected, pending }: RunProgress): void {
  if (pending === 0) return;
  throw new RareflowError(`${read} records in, but ${out} out and ${rejected} rejected`, {
    hint: 'this is a defect of rareflow: please report it with the command you ran',
  });
}

/** Ends a stream of nothing with an error, before the sink takes it for a complete result. */
function orNothing(problem: () => Error): Operator<DataRecord, DataRecord> {
  return operator(async function* (source) {
    let any = false;
    for await (const item of source) {
      any = true;
      yield item;
    }
    if (!any) throw problem();
  });
}

function nothing({ in: read, lastReject }: RunProgress): Error {
  if (lastReject === undefined)
    return new InputError('the input holds no records', { hint: 'give one JSON object a line' });
  const all = read === 1 ? 'the only record was' : `all ${read} records were`;
  return new InputError(`${all} rejected, the last by ${lastReject.stage}: ${lastReject.reason}`);
}
