import { type Operator, operator } from '../flow/operator.js';
import type { Rejects } from '../flow/rejects.js';
import type { DataRecord, Reject } from '../record.js';
import type { PipelineRun } from './pipelineRun.js';
import { noCounts, type RunCounts } from './state/runCounts.js';

export interface StreamedRunOptions {
  stages: string[];
  sink: Operator<DataRecord, DataRecord> | undefined;
  rejects: Rejects;
  signal: AbortSignal | undefined;
}

/** A run that keeps nothing: records go to the sink and rejects to their receiver as they come. */
export class StreamedRun implements PipelineRun {
  readonly counts: RunCounts;
  readonly finishedBefore = 0;
  readonly isDone = false;
  readonly resume = undefined;
  readonly committed = undefined;
  readonly made = undefined;
  readonly #options: StreamedRunOptions;
  readonly #startedMs = performance.now();

  constructor(options: StreamedRunOptions) {
    this.#options = options;
    this.counts = noCounts(options.stages);
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  readFrom(): void {}

  begin(): void {}

  isFinished(): boolean {
    return false;
  }

  enter(_ordinal: number, record: DataRecord): DataRecord {
    return record;
  }

  refuse(_ordinal: number, reject: Reject): void | Promise<void> {
    return this.#options.rejects(reject);
  }

  reject(stage: number, reject: Reject): void | Promise<void> {
    if (stage === this.counts.stages.length) this.counts.unwritable += 1;
    return this.#options.rejects(reject);
  }

  extra(): void {}

  async write(stream: AsyncIterable<DataRecord>, rejects: Rejects, nothing: () => Error): Promise<void> {
    const { sink, signal } = this.#options;
    const some = orNothing(nothing)(stream);
    for await (const _ of sink?.(some, { signal, rejects }) ?? some) this.counts.out += 1;
  }

  async finish(): Promise<void> {}

  async leave(): Promise<void> {}
}

/** Ends an empty stream with an error, before the sink takes it for a complete result. */
function orNothing(nothing: () => Error): Operator<DataRecord, DataRecord> {
  return operator(async function* (source) {
    let isEmpty = true;
    for await (const item of source) {
      isEmpty = false;
      yield item;
    }
    if (isEmpty) throw nothing();
  });
}
