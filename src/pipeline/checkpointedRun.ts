import { StoreError } from '../errors.js';
import type { DurableSink } from '../flow/durableSink.js';
import { withOrdinal } from '../flow/ordinal.js';
import type { Rejects } from '../flow/rejects.js';
import type { ResumeFrom } from '../flow/resume.js';
import type { DataRecord, Reject } from '../record.js';
import { type Resolved, resolveOptions } from '../util/options.js';
import { type Checkpoint, checkpointOptions } from './checkpoint.js';
import { CommitScheduler } from './commitScheduler.js';
import type { NumberedSource } from './numberedSource.js';
import { type Outcome, OutcomeLedger } from './outcomeLedger.js';
import type { PipelineRun } from './pipelineRun.js';
import { resumeRun, resumeSteps } from './resumeRun.js';
import type { RunCounts } from './state/runCounts.js';
import type { ItemResults } from './state/runKeeper.js';
import type { RunState } from './state/runState.js';

/**
 * A run whose results are on disk in a known state at every moment.
 *
 * What is finished is appended to the output and the rejects. A commit makes sure that they are on disk (fdatasync) and
 * only then records, in one transaction of the store, their lengths and which items are finished. If the process is killed
 * before the transaction, the files are longer than recorded, and are cut back when the run is resumed; if it is killed after
 * it, they hold what is recorded, since they were synced before. So nothing that was committed is lost, and nothing is
 * written twice. At the end a commit says `finishing`, the output is renamed, and a last one says `done`: if the process is
 * killed between these, the next start finds the output in its place, of the length that was committed, and nothing is left
 * to do.
 */
export class CheckpointedRun implements PipelineRun {
  /** The counts of the finished items, all sessions together, including those that are not committed yet. */
  readonly counts: RunCounts;
  readonly finishedBefore: number;
  readonly #ledger: OutcomeLedger;
  readonly #checkpoint: Resolved<typeof checkpointOptions>;
  readonly #secondsBefore: number;
  readonly #startedMs = performance.now();
  #committed: RunState;
  #source: Pick<NumberedSource, 'positionsAt'> | undefined;
  readonly #commits: CommitScheduler;
  #isOver = false;
  #full: Promise<void> | undefined;
  /** The number of lines in the output. */
  #lines: number;
  /** Writes of results to the store that may not be on disk yet. */
  #keeping: Promise<void>[] = [];

  private constructor(checkpoint: Resolved<typeof checkpointOptions>, state: RunState) {
    this.#checkpoint = checkpoint;
    this.#committed = state;
    this.counts = structuredClone(state.counts);
    this.#secondsBefore = state.seconds;
    const { merging, finished } = state;
    this.#lines = merging?.lines ?? state.counts.out;
    const earlier = merging && {
      ...{ finished: merging.earlier, next: merging.next },
      onEarlier: (ordinal: number) => this.#writeKept(ordinal),
    };
    this.#ledger = new OutcomeLedger({ ordered: checkpoint.ordered, finished, earlier }, (outcome) =>
      this.#write(outcome),
    );
    this.finishedBefore = this.#ledger.finished.size;
    const { everyItems, everyMs } = checkpoint;
    this.#commits = new CommitScheduler({ everyItems, everyMs, commit: (phase) => this.#commit(phase) });
  }

  /** Finds the run to resume, and cuts its outputs back to its last commit. */
  static async begin(
    options: Checkpoint,
    stages: string[],
    { limit, sample }: { limit: number; sample?: number | undefined },
  ): Promise<CheckpointedRun> {
    const checkpoint = resolveOptions('the checkpoint', checkpointOptions, options);
    const { store, output, rejects, onResume } = checkpoint;
    // It is refused, if it cannot be kept, before anything is paid for.
    if (sample !== undefined && checkpoint.ordered) void store.results;
    const found = await resumeRun(checkpoint, { stages, limit, sample });
    const state = found.phase === 'done' ? found : { ...found, steps: await resumeSteps(checkpoint, found, stages) };
    if (state.finished.length > 0 || state.phase === 'done') onResume?.(state);
    // From here on, a `.partial` is known to be of this run.
    store.commit(state);
    const run = new CheckpointedRun(checkpoint, state);
    if (run.isDone) return run;
    await output.open(state.outputBytes, state.outputCrc);
    await rejects.open(state.rejectsBytes, state.rejectsCrc);
    await run.#eachStep((step, index) => step.open(state.steps?.[index]?.bytes ?? 0, state.steps?.[index]?.crc));
    return run;
  }

  get committed(): RunState {
    return this.#committed;
  }

  get isDone(): boolean {
    return this.#committed.phase === 'done';
  }

  get resume(): ResumeFrom | undefined {
    const { from, seen } = this.#committed;
    return from === undefined || seen === undefined ? undefined : { from, seen };
  }

  get seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#startedMs) / 1000;
  }

  readFrom(source: Pick<NumberedSource, 'positionsAt'>): void {
    this.#source = source;
  }

  begin(isLeftOut: (ordinal: number) => boolean): void {
    this.#ledger.begin(isLeftOut);
  }

  isFinished(ordinal: number): boolean {
    return this.#ledger.finished.has(ordinal);
  }

  enter(ordinal: number, record: DataRecord): DataRecord {
    this.#ledger.enter(ordinal);
    return withOrdinal(record, ordinal);
  }

  refuse(ordinal: number, reject: Reject): Promise<void> | undefined {
    this.#ledger.refuse(ordinal, reject);
    return this.#room();
  }

  reject(stage: number, reject: Reject): Promise<void> | undefined {
    this.#ledger.reject(stage, reject);
    return this.#room();
  }

  extra(stage: number, count: number, record: DataRecord | undefined): void {
    this.#ledger.extra(stage, count, record);
  }

  get made(): PipelineRun['made'] {
    return this.#checkpoint.steps && ((stage, record) => this.#ledger.made(stage, record));
  }

  async write(stream: AsyncIterable<DataRecord>, _rejects: Rejects, nothing: () => Error): Promise<void> {
    for await (const record of stream) {
      this.#ledger.output(record);
      const full = this.#room();
      if (full !== undefined) await full;
    }
    const { retried, mayBeEmpty } = this.#checkpoint;
    if (this.counts.out > 0 || retried !== undefined || mayBeEmpty) return;
    const problem = nothing();
    await this.#giveUp();
    throw problem;
  }

  async finish(): Promise<void> {
    const { output, rejects } = this.#checkpoint;
    await this.#commits.commit('finishing');
    await output.finish();
    await rejects.finish();
    await this.#eachStep((step) => step.finish());
    await this.#commits.commit('done');
    this.#isOver = true;
    if (this.#committed.merging !== undefined && !this.#isSample) this.#checkpoint.store.results.clear();
  }

  async leave(): Promise<void> {
    if (this.#isOver) return;
    const { store, output, rejects } = this.#checkpoint;
    await this.#commits.stop();
    await Promise.all([output.close(), rejects.close(), this.#eachStep((step) => step.close())]);
    if (this.#committed.finished.length > 0) return;
    await output.discard();
    store.forget();
  }

  /** No record came out: removes the output, and keeps the rejects, which hold the reasons and can be retried. */
  async #giveUp(): Promise<void> {
    const { store, output, rejects } = this.#checkpoint;
    await this.#commits.commit('running');
    await Promise.all([rejects.close(), this.#eachStep((step) => step.close())]);
    await output.discard();
    if (this.#committed.finished.length > 0) await this.#commits.commit('done');
    else store.forget();
    this.#isOver = true;
  }

  /** Returns a promise if the outputs cannot take more for now. Throws if the last commit failed. */
  #room(): Promise<void> | undefined {
    this.#commits.throwFailure();
    const full = this.#full;
    this.#full = undefined;
    return full;
  }

  async #eachStep(action: (step: DurableSink, index: number) => Promise<void>): Promise<void> {
    await Promise.all((this.#checkpoint.steps ?? []).map(action));
  }

  /** True if only a sample of the items is taken. */
  get #isSample(): boolean {
    return typeof this.#committed.sample === 'number';
  }

  #write({ ordinal, outputs, rejects, extras, made }: Outcome): void {
    const { ordered, store, retried, steps } = this.#checkpoint;
    const { counts } = this;
    const item = retried?.[ordinal];
    for (const { stage, count } of extras ?? []) (counts.stages[stage] as RunCounts['stages'][number]).extra += count;
    for (const { stage, record } of made ?? []) {
      try {
        this.#full = steps?.[stage]?.append(record) ?? this.#full;
      } catch {
        // JSON cannot hold it: it comes out as a reject of the output, or was rejected before.
      }
    }
    let refused = rejects;
    const kept: ItemResults = { outputs: [], rejects: [] };
    const keeps = ordered && this.#isSample;
    for (const record of outputs ?? []) {
      try {
        this.#append(item === undefined ? record : { ...item, record });
        counts.out += 1;
        if (keeps) kept.outputs.push(JSON.stringify(record));
      } catch (error) {
        const reason = `cannot be written as JSON: ${error instanceof Error ? error.message : error}`;
        refused = [...(refused ?? []), { stage: counts.stages.length, reject: { stage: 'write', reason } }];
      }
    }
    for (const { stage, reject } of refused ?? []) {
      const written = this.#writeReject(reject, item);
      if (keeps) kept.rejects.push(JSON.stringify(written));
      const ofStage = counts.stages[stage];
      if (ofStage !== undefined) ofStage.rejected += 1;
      else if (stage < 0) counts.unread += 1;
      else counts.unwritable += 1;
    }
    if (keeps) {
      const keeping = store.results.putAsync(ordinal, kept);
      // The next commit throws its error.
      keeping.catch(() => {});
      this.#keeping.push(keeping);
    }
    this.#commits.add();
  }

  /** Writes the results of an item that an earlier session finished, and counted. */
  #writeKept(ordinal: number): void {
    const kept = this.#checkpoint.store.results.get(ordinal);
    if (kept === undefined) {
      throw new StoreError(`the results of item ${ordinal} of the sample are not in the state of the run`, {
        hint: 'start a new run (--resume never keeps the old files as .old); answers in its cache are not paid again',
      });
    }
    for (const record of kept.outputs) this.#append(JSON.parse(record));
    for (const reject of kept.rejects) this.#writeReject(JSON.parse(reject), undefined);
    this.#commits.add();
  }

  #append(line: unknown): void {
    this.#full = this.#checkpoint.output.append(line) ?? this.#full;
    this.#lines += 1;
  }

  /**
   * Writes a reject, without its record if JSON cannot hold that, which may be why it was rejected. Returns the reject as it was
   * written.
   */
  #writeReject(reject: Reject, item: object | undefined): Reject {
    const { rejects, ordered } = this.#checkpoint;
    const place = ordered ? { place: this.#lines } : {};
    const line = (one: Reject) => (item === undefined ? { ...one, ...place } : { ...item, reject: one });
    try {
      this.#full = rejects.append(line(reject)) ?? this.#full;
      return reject;
    } catch {
      const bare = { ...reject, record: undefined };
      this.#full = rejects.append(line(bare)) ?? this.#full;
      return bare;
    }
  }

  async #commit(phase: RunState['phase']): Promise<void> {
    const { store, output, rejects, figures, steps } = this.#checkpoint;
    const { finished, next: nextItem } = this.#ledger;
    const { merging } = this.#committed;
    const next: RunState = {
      ...this.#committed,
      merging: merging && { ...merging, next: nextItem, lines: this.#lines },
      phase,
      seconds: this.seconds,
      outputBytes: output.bytes,
      rejectsBytes: rejects.bytes,
      outputCrc: output.crc,
      rejectsCrc: rejects.crc,
      steps: steps?.map(({ bytes, crc }) => ({ bytes, crc })),
      finished: finished.toJSON(),
      counts: structuredClone(this.counts),
      ...this.#source?.positionsAt(finished.lowWater),
      figures: figures?.(),
    };
    const keeping = this.#keeping;
    this.#keeping = [];
    await Promise.all([output.sync(), rejects.sync(), this.#eachStep((step) => step.sync()), ...keeping]);
    await store.commitAsync(next);
    this.#committed = next;
  }
}
