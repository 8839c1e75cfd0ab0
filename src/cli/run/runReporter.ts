import { writeRunSummary } from '../../chain/writeRunSummary.js';
import { formName, isPlainJsonl, recordFormOf } from '../../io/write/recordForm.js';
import type { ModelUsage, RareflowModel } from '../../llm/createModel.js';
import { progressOf, type RunProgress } from '../../pipeline/progress.js';
import { runSummary } from '../../report/runSummary.js';
import type { RunView } from '../progress/runView.js';
import { errorLine, say } from '../progress/terminal.js';
import type { RunFolder } from './runFolder.js';
import { addEarlierUsage, type EarlierUsage, runTotals } from './runTotals.js';

interface ReporterOptions {
  output: string;
  rejectsPath: string | undefined;
  /** The folder of a run that can be resumed. */
  folder: RunFolder | undefined;
  model: RareflowModel | undefined;
  extraLabel: string | undefined;
  /** Returns further lines for the end of the run. */
  notes: (() => string[]) | undefined;
}

/** Reports the end of a run: its totals on stderr and its summary, earlier sessions included. */
export class RunReporter {
  /** The last known progress. */
  run: RunProgress | undefined;
  usedBefore: EarlierUsage | undefined;
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Returns the run as it is, with the usage of this session; undefined before it has started. */
  view(): RunView | undefined {
    return this.run && { run: this.run, usage: this.#options.model?.usage() };
  }

  /** Returns the usage of all sessions, as it is kept with the run. */
  figures(): EarlierUsage | undefined {
    const { total, byStage } = this.#usage() ?? {};
    return total && byStage && { total, byStage };
  }

  /** Takes the counts of the run's last commit. */
  readCommitted(): void {
    const { state } = this.#options.folder?.store ?? {};
    if (state !== undefined) this.run = progressOf(state);
  }

  /** True if the same command can resume the run. */
  get isKept(): boolean {
    const { state } = this.#options.folder?.store ?? {};
    return state !== undefined && state.phase !== 'done';
  }

  /** True if the run has taken only a sample of its input so far. */
  get isSample(): boolean {
    return typeof this.#options.folder?.store.state?.sample === 'number';
  }

  async reportDone(): Promise<void> {
    await this.#summarize('done');
    this.#printTotals('done');
  }

  /** Prints nothing about a run that has no results and keeps nothing. */
  async reportStopped(reason: string): Promise<void> {
    const hasResults = this.run !== undefined && this.run.out + this.run.rejected > 0;
    if (hasResults || this.isKept) this.#printTotals('stopped');
    if (this.isKept) await this.#summarize('stopped', reason);
  }

  #printTotals(state: 'done' | 'stopped'): void {
    const { output, rejectsPath, notes, extraLabel } = this.#options;
    if (this.run === undefined) return;
    const complete = state === 'done' ? output : '-';
    say(runTotals(this.run, { state, output: complete, rejectsPath, usage: this.#usage(), notes, extraLabel }));
  }

  /** Writes the summary. If the disk is full the run does not fail: its records are safe. */
  async #summarize(state: 'done' | 'stopped', reason?: string): Promise<void> {
    const { folder, output, rejectsPath: rejects } = this.#options;
    if (folder === undefined || this.run === undefined) return;
    const { settings, sessions, startedAt } = folder.store.state ?? {};
    const form = recordFormOf(output);
    const outputForm = isPlainJsonl(form) ? undefined : formName(form);
    const facts = { state, reason, output, outputForm, rejects, usage: this.figures(), settings, sessions, startedAt };
    try {
      await writeRunSummary(runSummary(this.run, facts));
    } catch (error) {
      say(errorLine(error));
    }
  }

  #usage(): ModelUsage | undefined {
    const usage = this.#options.model?.usage();
    return usage && { ...usage, ...addEarlierUsage(usage, this.usedBefore) };
  }
}
