import { InputError, RareflowError } from '../errors.js';
import { type Operator, type OperatorContext, operator } from '../flow/operator.js';
import { type Rejects, warnOfReject } from '../flow/rejects.js';
import type { DataRecord, Reject } from '../record.js';
import { gate } from './gate.js';

/** A named step of a pipeline. */
export interface PipelineStage {
  name: string;
  operator: Operator<DataRecord, DataRecord>;
}

/** The counts of one stage: taken + extra = given + rejected + inFlight. */
export interface StageCounts {
  name: string;
  taken: number;
  given: number;
  rejected: number;
  /** Records that one record became beyond the first. */
  extra: number;
  inFlight: number;
}

/** The state of a run: in + extra = out + rejected + pending. */
export interface RunProgress {
  /** Records and bad lines read. */
  in: number;
  /** Records that came out of the last stage. */
  out: number;
  rejected: number;
  extra: number;
  /** Read, and neither out nor rejected: in flight, or left undone by an error. */
  pending: number;
  stages: StageCounts[];
  lastReject: Reject | undefined;
  seconds: number;
}

export interface PipelineOptions {
  /** Opens the input; it is given the run's signal and rejects. */
  source: (context: OperatorContext & { rejects: Rejects }) => AsyncIterable<DataRecord>;
  stages: PipelineStage[];
  /** Writes records and passes them on; default: none. */
  sink?: Operator<DataRecord, DataRecord> | undefined;
  /** Where rejects go. Default: a process warning each. */
  rejects?: Rejects | undefined;
  /** Read so many records at most. */
  limit?: number | undefined;
  /** Aborting it ends the input: what is in flight is finished and written, then its reason is thrown. */
  stop?: AbortSignal | undefined;
  /** Aborting it ends the run at once with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called every `progressIntervalMs`, and at the end, also where the run failed. */
  onProgress?: ((progress: RunProgress) => void) | undefined;
  /** Default 1,000. */
  progressIntervalMs?: number | undefined;
}

/**
 * Runs source → stages → sink to the end and accounts for every record.
 *
 * Throws InputError for an input without records or of which none got through; whatever a stage or the sink threw; and
 * RareflowError where in + extra ≠ out + rejects, which would be a defect of rareflow.
 */
export async function runPipeline({
  source,
  stages,
  sink = (records) => records as ReturnType<Operator<DataRecord, DataRecord>>,
  rejects = warnOfReject,
  limit,
  stop,
  signal,
  onProgress,
  progressIntervalMs = 1000,
}: PipelineOptions): Promise<RunProgress> {
  const startedMs = performance.now();
  const counts = stages.map(({ name }) => ({ name, given: 0, rejected: 0, extra: 0 }));
  let records = 0;
  let badLines = 0;
  let unwritable = 0;
  let out = 0;
  let lastReject: Reject | undefined;

  const reject: Rejects = (one) => {
    lastReject = one;
    return rejects(one);
  };
  const progress = (): RunProgress => {
    const taken = [records, ...counts.map(({ given }) => given)];
    const extra = counts.reduce((sum, stage) => sum + stage.extra, 0);
    const rejected = counts.reduce((sum, stage) => sum + stage.rejected, badLines + unwritable);
    return {
      in: records + badLines,
      out,
      rejected,
      extra,
      pending: records + badLines + extra - out - rejected,
      stages: counts.map((stage, place) => ({
        ...stage,
        taken: taken[place] as number,
        inFlight: (taken[place] as number) + stage.extra - stage.given - stage.rejected,
      })),
      lastReject,
      seconds: (performance.now() - startedMs) / 1000,
    };
  };

  const input = source({
    signal,
    rejects: (one) => {
      badLines += 1;
      return reject(one);
    },
  });
  const counted = tally(() => {
    records += 1;
  });
  let stream: AsyncIterable<DataRecord> = counted(gate<DataRecord>({ limit, stop })(input, { signal }));
  for (const [place, stage] of stages.entries()) {
    const count = counts[place] as (typeof counts)[number];
    const given = stage.operator(stream, {
      signal,
      rejects: (one) => {
        count.rejected += 1;
        return reject(one);
      },
      onExtra: (more) => {
        count.extra += more;
      },
    });
    const countGiven = tally(() => {
      count.given += 1;
    });
    stream = countGiven(given);
  }

  const written = sink(orNothing(() => nothing(progress()))(stream), {
    signal,
    rejects: (one) => {
      unwritable += 1;
      return reject(one);
    },
  });
  const timer = onProgress && setInterval(() => onProgress(progress()), progressIntervalMs).unref();
  try {
    for await (const _ of written) out += 1;
    const end = progress();
    if (end.pending === 0) return end;
    throw new RareflowError(`${end.in} records in, but ${end.out} out and ${end.rejected} rejected`, {
      hint: 'this is a defect of rareflow: please report it with the command you ran',
    });
  } finally {
    clearInterval(timer);
    onProgress?.(progress());
  }
}

function tally(count: () => void): Operator<DataRecord, DataRecord> {
  return operator(async function* (source) {
    for await (const item of source) {
      count();
      yield item;
    }
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
