import type { ResumeFrom } from '../flow/resume.js';
import type { Reject } from '../record.js';
import type { Checkpoint } from './checkpoint.js';
import type { NumberedSource } from './numberedSource.js';
import { type Settled, Settler } from './outcomeLedger.js';
import { findRun } from './resumeRun.js';
import type { RunCounts } from './runCounts.js';
import type { RunState } from './runStore.js';

/** After a commit there is a rest of so many times its length, `everyMs` at most: it takes a twentieth of the time of a fast run. */
const restAfterCommit = 19;

/**
 * A run whose results are on disk in a known state at every moment.
 *
 * What is finished is appended to the output and the rejects. A commit makes sure that they are on disk (fdatasync) and
 * only then writes down, in one transaction of the store, their lengths and which items are finished. Killed before the
 * transaction, the files are longer than it says, and are cut back when the run is gone on with; killed after it, they hold
 * what it says, since they were synced before. So nothing that was committed is lost, and nothing is there twice. At the
 * end a commit says `finishing`, the output is renamed, and a last one says `done`: killed between these, the next start
 * finds the output in its place, of the length that was committed, and has nothing left to do.
 */
export class CheckpointedRun {
  /** What became of the finished items, all sessions together, also those that are not committed yet. */
  readonly counts: RunCounts;
  /** The last commit. */
  committed: RunState;
  /** Tells where the source can be gone on with. */
  source: Pick<NumberedSource, 'positionsAt'> | undefined;
  readonly settler: Settler;
  readonly #checkpoint: Checkpoint;
  readonly #secondsBefore: number;
  readonly #startedMs = performance.now();
  #uncommitted = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;
  #isOver = false;
  #restUntilMs = 0;
  #committing: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;
  #full: Promise<void> | undefined;

  private constructor(checkpoint: Checkpoint, state: RunState) {
    this.#checkpoint = checkpoint;
    this.committed = state;
    this.counts = structuredClone(state.counts);
    this.#secondsBefore = state.seconds;
    const { ordered = true } = checkpoint;
    this.settler = new Settler({ ordered, finished: state.finished }, (item) => this.#write(item));
  }

  /** Finds the run to go on with, and cuts its outputs back to its last commit. */
  static async begin(checkpoint: Checkpoint, stages: string[]): Promise<CheckpointedRun> {
    const { store, output, rejects, onResume } = checkpoint;
    const state = await findRun(checkpoint, stages);
    if (state.finished.length > 0) onResume?.(state);
    // From here on a `.partial` that is found is known for ours.
    store.commit(state);
    const run = new CheckpointedRun(checkpoint, state);
    if (run.isDone) return run;
    await output.open(state.outputBytes);
    await rejects.open(state.rejectsBytes);
    return run;
  }

  /** Whether nothing is left to do. */
  get isDone(): boolean {
    return this.committed.phase === 'done';
  }

  get resume(): ResumeFrom | undefined {
    const { from, seen } = this.committed;
    return from === undefined || seen === undefined ? undefined : { from, seen };
  }

  get seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#startedMs) / 1000;
  }

  /** A promise where the outputs cannot take more for now. Throws where the last commit failed. */
  room(): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    const full = this.#full;
    this.#full = undefined;
    return full;
  }

  /** All is done: puts the output in its place. */
  async finish(): Promise<void> {
    const { output, rejects } = this.#checkpoint;
    await this.#commit('finishing');
    await output.finish();
    await rejects.finish();
    await this.#commit('done');
    this.#isOver = true;
  }

  /** The run ends early: commits what is finished, where that can still be done. Never throws. */
  async leave(): Promise<void> {
    if (this.#isOver) return;
    const { store, output, rejects } = this.#checkpoint;
    await this.#committing?.catch(() => {});
    if (this.#uncommitted > 0) await this.#commit('running').catch(() => {});
    clearTimeout(this.#timer);
    await Promise.all([output.close(), rejects.close()]);
    if (this.committed.finished.length > 0) return;
    await output.discard();
    store.forget();
  }

  /** Nothing came of any item: the output goes, and the rejects stay to tell why. */
  async giveUp(): Promise<void> {
    const { store, output, rejects } = this.#checkpoint;
    await this.#commit('running');
    await rejects.close();
    await output.discard();
    store.forget();
    this.#isOver = true;
  }

  #write({ ordinal, outputs, rejects, extras }: Settled): void {
    const { output, mends } = this.#checkpoint;
    const { counts } = this;
    const mend = mends?.[ordinal];
    for (const { place, count } of extras ?? []) (counts.stages[place] as RunCounts['stages'][number]).extra += count;
    let refused = rejects;
    for (const record of outputs ?? []) {
      try {
        this.#full = output.append(mend === undefined ? record : { ...mend, record }) ?? this.#full;
        counts.out += 1;
      } catch (error) {
        const reason = `cannot be written as JSON: ${error instanceof Error ? error.message : error}`;
        refused = [...(refused ?? []), { place: counts.stages.length, reject: { stage: 'write', reason } }];
      }
    }
    for (const { place, reject } of refused ?? []) {
      this.#writeReject(reject, mend);
      const stage = counts.stages[place];
      if (stage !== undefined) stage.rejected += 1;
      else if (place < 0) counts.unread += 1;
      else counts.unwritable += 1;
    }
    this.#uncommitted += 1;
    this.#schedule();
  }

  /** A record may be rejected because JSON cannot hold it: its reject is written without it. */
  #writeReject(reject: Reject, mend: object | undefined): void {
    const { rejects, ordered = true } = this.#checkpoint;
    const place = ordered ? { place: this.counts.out } : {};
    const line = (one: Reject) => (mend === undefined ? { ...one, ...place } : { ...mend, reject: one });
    try {
      this.#full = rejects.append(line(reject)) ?? this.#full;
    } catch {
      this.#full = rejects.append(line({ ...reject, record: undefined })) ?? this.#full;
    }
  }

  #schedule(): void {
    const { everyItems = 256, everyMs = 1000 } = this.#checkpoint;
    if (this.#uncommitted === 0 || this.#committing !== undefined || this.#failure !== undefined) return;
    const isDue = this.#uncommitted >= everyItems;
    if (this.#timer !== undefined && (this.#isDue || !isDue)) return;
    clearTimeout(this.#timer);
    this.#isDue = isDue;
    const waitMs = isDue ? Math.max(0, this.#restUntilMs - performance.now()) : everyMs;
    this.#timer = setTimeout(() => void this.#commit('running').catch(() => {}), waitMs).unref();
  }

  async #commit(phase: RunState['phase']): Promise<void> {
    while (this.#committing !== undefined) await this.#committing.catch(() => {});
    if (this.#failure !== undefined) throw this.#failure.error;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#committing = this.#commitNow(phase);
    try {
      await this.#committing;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#committing = undefined;
      this.#schedule();
    }
  }

  async #commitNow(phase: RunState['phase']): Promise<void> {
    const { store, output, rejects, figures, everyMs = 1000 } = this.#checkpoint;
    const startedMs = performance.now();
    const { finished } = this.settler;
    const next: RunState = {
      ...this.committed,
      phase,
      seconds: this.seconds,
      outputBytes: output.bytes,
      rejectsBytes: rejects.bytes,
      finished: finished.toJSON(),
      counts: structuredClone(this.counts),
      ...this.source?.positionsAt(finished.lowWater),
      figures: figures?.(),
    };
    this.#uncommitted = 0;
    await Promise.all([output.sync(), rejects.sync()]);
    await store.commitAsync(next);
    this.committed = next;
    const nowMs = performance.now();
    this.#restUntilMs = nowMs + Math.min(everyMs, restAfterCommit * (nowMs - startedMs));
  }
}
