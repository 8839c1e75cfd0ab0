import type { RunState } from './state/runState.js';

/** After a commit there is a pause of this many times its length, `everyMs` at most: commits take a twentieth of a fast run. */
const PAUSE_PER_COMMIT = 19;

export interface CommitSchedulerOptions {
  everyItems: number;
  everyMs: number;
  /** Commits what is finished when it is called. */
  commit: (phase: RunState['phase']) => Promise<void>;
}

/** Commits after `everyItems` finished items or `everyMs`, one commit at a time; after one that failed, no more. */
export class CommitScheduler {
  readonly #options: CommitSchedulerOptions;
  #uncommitted = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDue = false;
  #pauseUntilMs = 0;
  #committing: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  constructor(options: CommitSchedulerOptions) {
    this.#options = options;
  }

  /** Counts a finished item. */
  add(): void {
    this.#uncommitted += 1;
    this.#schedule();
  }

  /** Commits now, after the commit that may be in progress. Throws the error of a commit that failed. */
  async commit(phase: RunState['phase']): Promise<void> {
    while (this.#committing !== undefined) await this.#committing.catch(() => {});
    this.throwFailure();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#committing = this.#commitAndPause(phase);
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

  /** Commits what is left, if that is still possible, and ends. Never throws. */
  async stop(): Promise<void> {
    await this.#committing?.catch(() => {});
    if (this.#uncommitted > 0) await this.commit('running').catch(() => {});
    clearTimeout(this.#timer);
  }

  /** Throws the error of a commit that failed. */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #schedule(): void {
    const { everyItems, everyMs } = this.#options;
    if (this.#uncommitted === 0 || this.#committing !== undefined || this.#failure !== undefined) return;
    const isDue = this.#uncommitted >= everyItems;
    if (this.#timer !== undefined && (this.#isDue || !isDue)) return;
    clearTimeout(this.#timer);
    this.#isDue = isDue;
    const waitMs = isDue ? Math.max(0, this.#pauseUntilMs - performance.now()) : everyMs;
    this.#timer = setTimeout(() => void this.commit('running').catch(() => {}), waitMs).unref();
  }

  async #commitAndPause(phase: RunState['phase']): Promise<void> {
    const startedMs = performance.now();
    this.#uncommitted = 0;
    await this.#options.commit(phase);
    const nowMs = performance.now();
    this.#pauseUntilMs = nowMs + Math.min(this.#options.everyMs, PAUSE_PER_COMMIT * (nowMs - startedMs));
  }
}
