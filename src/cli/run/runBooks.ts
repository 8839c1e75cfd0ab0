import type { ModelUsage, RareflowModel } from '../../llm/createModel.js';
import { progressOf, type RunProgress } from '../../pipeline/progress.js';
import type { RunView } from '../progress/runPicture.js';
import { errorLine, say } from '../progress/terminal.js';
import { accountOf, type EarlierUsage, withEarlier } from './account.js';
import type { RunFolder } from './runFolder.js';
import { writeSummary } from './summary.js';

interface BookOptions {
  output: string;
  rejectsPath: string | undefined;
  /** Of a run that can be gone on with. */
  folder: RunFolder | undefined;
  model: RareflowModel | undefined;
  extraWords: string | undefined;
  /** Further lines for the end of the run. */
  notes: (() => string[]) | undefined;
}

/** What a command knows of its run, sessions before this one included, and tells at the end. */
export class RunBooks {
  /** The last that was told of it. */
  run: RunProgress | undefined;
  /** What earlier sessions asked of a model. */
  usedBefore: EarlierUsage | undefined;

  constructor(private readonly options: BookOptions) {}

  /** The run as it is, with what this session asked for; undefined before it has begun. */
  view(): RunView | undefined {
    return this.run && { run: this.run, usage: this.options.model?.usage() };
  }

  /** What all sessions asked for, as it is kept with the run. */
  figures(): EarlierUsage | undefined {
    const { total, byStage } = this.#usage() ?? {};
    return total && byStage && { total, byStage };
  }

  /** Takes the counts of a run's last commit. */
  takeCommitted(): void {
    const { state } = this.options.folder?.store ?? {};
    if (state !== undefined) this.run = progressOf(state);
  }

  /** Whether something is kept that the same command can go on with. */
  get isKept(): boolean {
    return this.options.folder?.store.state !== undefined;
  }

  tellDone(): void {
    this.#summarize('done');
    this.#tell('done');
  }

  /** An input of which nothing came, in a run that keeps nothing, is no news. */
  tellStopped(reason: string): void {
    const reached = this.run !== undefined && this.run.out + this.run.rejected > 0;
    if (reached || this.isKept) this.#tell('stopped');
    if (this.isKept) this.#summarize('stopped', reason);
  }

  #tell(how: 'done' | 'stopped'): void {
    const { output, rejectsPath, notes, extraWords } = this.options;
    if (this.run === undefined) return;
    const place = how === 'done' ? output : '-';
    say(accountOf(this.run, { how, output: place, rejectsPath, usage: this.#usage(), notes, extraWords }));
  }

  #summarize(state: 'done' | 'stopped', reason?: string): void {
    const { folder, output, rejectsPath: rejects } = this.options;
    const unwritten =
      folder && this.run && writeSummary(folder, this.run, { state, reason, output, rejects, usage: this.figures() });
    if (unwritten !== undefined) say(errorLine(unwritten));
  }

  #usage(): ModelUsage | undefined {
    const usage = this.options.model?.usage();
    return usage && { ...usage, ...withEarlier(usage, this.usedBefore) };
  }
}
