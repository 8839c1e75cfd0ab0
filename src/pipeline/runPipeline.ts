import { InputError, RareflowError, UsageError } from '../errors.js';
import { type Operator, type OperatorContext, operator } from '../flow/operator.js';
import { limitOption, rejectsOption, sampleOption, signalOption } from '../flow/options.js';
import { withOrdinal } from '../flow/ordinal.js';
import { type Rejects, warnOfReject } from '../flow/rejects.js';
import type { Position, ResumeFrom } from '../flow/resume.js';
import { sampleOrdinals } from '../flow/sampleOrdinals.js';
import { isSource, requireSource, SOURCE_EXPECTED, type Source } from '../flow/source.js';
import { takeUntil } from '../flow/takeUntil.js';
import { type DataRecord, isRecord } from '../record.js';
import { eitherSignal } from '../util/abort.js';
import { callback, type OptionsOf, object, resolveOptions, wholeNumber } from '../util/options.js';
import { type Checkpoint, checkpointOptions } from './checkpoint.js';
import { CheckpointedRun } from './checkpointedRun.js';
import type { OpenItems } from './inputItems.js';
import { NumberedSource } from './numberedSource.js';
import type { PipelineRun } from './pipelineRun.js';
import { Progress, type RunProgress } from './progress.js';
import { maxRejectShareOption, RejectShare } from './rejectShare.js';
import { StreamedRun } from './streamedRun.js';

/** A named step of a pipeline. */
export interface PipelineStage {
  name: string;
  operator: Operator<DataRecord, DataRecord>;
  /**
   * True for an operator that calls `onRecall`, as `filterDocuments` does. It must be the first stage. A resumed run then
   * reads its input from the beginning.
   */
  recalls?: boolean | undefined;
  /** True for an operator that is there to reject, such as a judge: its rejects do not count for `maxRejectShare`. */
  isFilter?: boolean | undefined;
}

/** The context of a run's source: `(context) => readRecords('corpus.jsonl', context)`. */
export interface SourceContext {
  signal?: AbortSignal | undefined;
  /** Receives bad lines. */
  rejects: Rejects;
  /** Called with how many bytes of the input were read, and the total if it is known, to estimate the time left. */
  onBytes: (bytesRead: number, totalBytes: number | undefined) => void;
  /** Called before items are yielded, with the position at which the source can resume. A source without positions need not. */
  onPosition: (position: Position) => void;
  /**
   * Resume from here. A source that never reported a position gets none: it yields all items again, and those that are
   * finished are skipped by their number.
   */
  resume?: ResumeFrom | undefined;
}

type OpenSource = (context: SourceContext) => Source<object>;

const pipelineOptions = {
  /** The input: an iterable of records, or a function that opens one. */
  source: object<Source<object> | OpenSource>()(
    { help: 'the input', required: true },
    {
      expected: `${SOURCE_EXPECTED}, or a function that opens one`,
      accepts: (value) => typeof value === 'function' || isSource(value),
    },
  ),
  stages: object<PipelineStage[]>()(
    { help: 'the stages, each with a name and an operator', required: true },
    { expected: 'a list of { name, operator }', accepts: areStages },
  ),
  /** Writes records and passes them on. Default: none. A run with a checkpoint writes to the checkpoint's `output`. */
  sink: object<Operator<DataRecord, DataRecord>>()(
    { help: 'writes records and passes them on' },
    { expected: 'an operator, such as writeJsonl(path)', accepts: (value) => typeof value === 'function' },
  ),
  /** Receives the rejects. Default: a process warning for each. A run with a checkpoint writes them to its `rejects`. */
  rejects: rejectsOption,
  /** Makes it a run that can be killed at any moment and resumed. */
  checkpoint: object<Checkpoint>()({ help: 'makes the run resumable' }, { expected: 'an object', accepts: isRecord }),
  /** Read at most this many records and bad lines, including those of earlier sessions. */
  limit: limitOption,
  /**
   * Take only this many items, drawn at random from the whole input, which is read twice: a pilot. With a checkpoint, a later call
   * without it, or with a larger one, goes on from them, and the output is that of a run without a pilot.
   */
  sample: sampleOption,
  /** Seeds the sample. Default 0. */
  sampleSeed: wholeNumber({ help: 'seeds the sample', min: 0, default: 0, shapesRecords: false }),
  /** If it is exceeded, what is in flight is finished and written, then a RejectShareError is thrown; the run can be resumed. */
  maxRejectShare: maxRejectShareOption,
  /** Aborting it ends the input: what is in flight is finished and written, then its reason is thrown. */
  stop: signalOption,
  /** Aborting it ends the run at once with the signal's reason. */
  signal: signalOption,
  /**
   * Called every `progressIntervalMs`, and at the end, even if the run failed: then with what is safely written. Rates and
   * `eta` depend on how often it is called.
   */
  onProgress: callback<(progress: RunProgress) => void>()({ help: 'called with the progress' }),
  /** Default 1,000. */
  progressIntervalMs: wholeNumber({ help: 'milliseconds between reports of the progress', default: 1000 }),
};

export type PipelineOptions = OptionsOf<typeof pipelineOptions>;

/**
 * Runs source → stages → sink to the end and accounts for every record.
 *
 * With a `checkpoint` the run can be killed at any moment and started again with the same call: it resumes after its last
 * commit, and its counts are those of all sessions together. Every record then carries its number in the input; a stage that
 * makes its records from scratch keeps it with `inPlaceOf(record, made)`.
 *
 * Throws InputError for an input without records or without any results, or that is not what an earlier session read;
 * UsageError for an unknown or wrong option, or if an earlier session had other settings; RejectShareError if a stage rejects
 * most of its records for one reason; whatever a stage or the sink threw; and RareflowError if in + extra ≠ out + rejects, which would be a defect of rareflow.
 */
export async function runPipeline(options: PipelineOptions): Promise<RunProgress> {
  const resolved = resolveOptions('runPipeline', pipelineOptions, options);
  const { source, stages, stop, signal, limit = Number.POSITIVE_INFINITY, onProgress, progressIntervalMs } = resolved;
  const names = stages.map(({ name }) => name);
  const late = stages.slice(1).find(({ recalls }) => recalls);
  if (late !== undefined) {
    throw new UsageError(`${late.name} compares the records of the input, so it must be the first stage`);
  }
  const recalls = stages[0]?.recalls === true;
  const open = isSource(source) ? () => source : source;
  const run = await beginRun(resolved, names, open);
  const { sample } = resolved;
  const progress = new Progress(names, run, Math.min(limit, sample ?? limit));
  if (run.isDone) {
    onProgress?.(progress.committed());
    return progress.committed();
  }

  let isLeftOut = (_ordinal: number) => false;
  const share = new RejectShare(stages.length, resolved.maxRejectShare);
  const rejectsOf =
    (stage: number): Rejects =>
    (reject) => {
      progress.reject(stage, reject);
      if (!stages[stage]?.isFilter) share.rejected(stage, reject);
      return run.reject(stage, reject);
    };
  const resume = recalls || sample !== undefined ? undefined : run.resume;
  let recall: ((record: DataRecord) => void) | undefined;
  const numbered = new NumberedSource({
    limit,
    resume,
    isFinished: (ordinal) => run.isFinished(ordinal),
    isLeftOut: (ordinal) => isLeftOut(ordinal),
    onFinished: (ordinal, record) => recall?.(withOrdinal(record, ordinal)),
    onRecord: (ordinal, record) => {
      progress.records += 1;
      return run.enter(ordinal, record);
    },
    onRefused: (ordinal, reject) => {
      progress.reject(-1, reject);
      return run.refuse(ordinal, reject);
    },
  });
  run.readFrom(numbered);
  const input = open({
    signal,
    rejects: (reject) => numbered.refuse(reject),
    onBytes: (read, total) => {
      if (sample === undefined) progress.readShare = total === undefined || total === 0 ? undefined : read / total;
    },
    onPosition: (position) => {
      if (sample === undefined) numbered.onPosition(position);
    },
    resume,
  }) as Source<DataRecord>;
  requireSource('the source of runPipeline', input);
  let stream: AsyncIterable<DataRecord> = operator<DataRecord, DataRecord>((items) => numbered.records(items))(
    takeUntil<DataRecord>({ stop: eitherSignal(share.exceeded, stop) })(input, { signal }),
    { signal },
  );
  for (const [index, stage] of stages.entries()) {
    const onExtra: OperatorContext['onExtra'] = (count, record) => {
      progress.extra(index, count);
      run.extra(index, count, record);
    };
    const onWork: OperatorContext['onWork'] = (change) => {
      progress.work(index, change);
      share.work(index, change);
    };
    const onRecall: OperatorContext['onRecall'] = (take) => {
      if (index === 0) recall = take;
    };
    const context = { signal, rejects: rejectsOf(index), onExtra, onWork, onRecall };
    stream = progress.given(index, () => share.given(index))(stage.operator(stream, context));
    if (run.made !== undefined) stream = tapped(stream, index, run.made);
  }

  const ended = (): RunProgress => ({ ...progress.progress(), rejectedAlike: share.atEnd() });
  const timer = onProgress && setInterval(() => onProgress(progress.progress()), progressIntervalMs).unref();
  let hasFailed = true;
  try {
    if (sample !== undefined) isLeftOut = await leftOut(resolved, open, run);
    run.begin(isLeftOut);
    await run.write(stream, rejectsOf(stages.length), () => {
      checkBalance(progress.progress());
      return nothingCameOut(progress.progress());
    });
    checkBalance(progress.progress());
    await run.finish();
    hasFailed = false;
    return ended();
  } finally {
    clearInterval(timer);
    if (hasFailed) await run.leave();
    onProgress?.(hasFailed ? progress.committed() : ended());
  }
}

async function* tapped(stream: AsyncIterable<DataRecord>, stage: number, made: NonNullable<PipelineRun['made']>) {
  for await (const record of stream) {
    made(stage, record);
    yield record;
  }
}

async function beginRun(options: PipelineOptions, stages: string[], open: OpenSource): Promise<PipelineRun> {
  const { sink, rejects, checkpoint, signal, sample, limit = Number.POSITIVE_INFINITY } = options;
  if (checkpoint === undefined) return new StreamedRun({ stages, sink, rejects: rejects ?? warnOfReject, signal });
  if ((sink ?? rejects) !== undefined) {
    throw new UsageError('a run with a checkpoint takes no sink and no rejects', { hint: 'the checkpoint has both' });
  }
  if (checkpoint.resume === 'rebuild') {
    if (sample !== undefined) {
      throw new UsageError('a sample cannot be rebuilt', {
        hint: 'start it again (--resume never keeps the old files as .old); answers in its cache are not paid again',
      });
    }
    const { rebuildRun } = await import('./rebuildRun.js');
    const ignored = { onBytes: () => {}, onPosition: () => {} };
    const openItems: OpenItems = (refused) => open({ signal, rejects: refused, ...ignored }) as Source<DataRecord>;
    await rebuildRun(resolveOptions('the checkpoint', checkpointOptions, checkpoint), {
      open: openItems,
      stages,
      limit,
    });
  }
  return CheckpointedRun.begin(checkpoint, stages, { limit, sample });
}

/** Draws the sample of a run, and returns true for the items that are not in it. What is finished is part of it. */
async function leftOut(options: PipelineOptions, open: OpenSource, run: PipelineRun) {
  const { signal, stop, limit = Number.POSITIVE_INFINITY, sample: size = 0, sampleSeed: seed = 0 } = options;
  let count = 0;
  const rejects = () => {
    count += 1;
  };
  const context = { signal, rejects, onBytes: () => {}, onPosition: () => {} };
  const input = takeUntil<object>({ stop })(open(context) as Source<object>, { signal });
  for await (const _ of input) {
    count += 1;
    if (count >= limit) break;
  }
  count = Math.min(count, limit);
  const chosen = sampleOrdinals({ count, size, seed, isTaken: (ordinal) => run.isFinished(ordinal) });
  return (ordinal: number) => ordinal < count && !chosen.has(ordinal);
}

function areStages(value: unknown): boolean {
  const isStage = (one: unknown) => isRecord(one) && typeof one.name === 'string' && typeof one.operator === 'function';
  return Array.isArray(value) && value.every(isStage);
}

/** Throws unless every record is out or rejected. */
function checkBalance({ in: read, out, rejected, pending }: RunProgress): void {
  if (pending === 0) return;
  throw new RareflowError(`${read} records in, but ${out} out and ${rejected} rejected`, {
    hint: 'this is a defect of rareflow: please report it with the command you ran',
  });
}

function nothingCameOut({ in: read, lastReject }: RunProgress): Error {
  if (lastReject === undefined)
    return new InputError('the input holds no records', { hint: 'write one JSON object a line' });
  const all = read === 1 ? 'the only record was' : `all ${read} records were`;
  return new InputError(`${all} rejected, the last by ${lastReject.stage}: ${lastReject.reason}`);
}
