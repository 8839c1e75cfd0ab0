import type { DurableSink } from '../flow/durableSink.js';
import type { RunSettings, RunState, RunStore } from './runStore.js';

/** What makes a run one that can be gone on with. */
export interface Checkpoint {
  /** Where it keeps how far it is: `new RunStore('out.jsonl.rareflow')`. Who opened it closes it. */
  store: RunStore;
  /** All that shapes the records, as JSON: model, prompts, options, seed, inputs. Not concurrency, limits, keys. */
  settings: RunSettings;
  /** Where the records go: `jsonlFile('out.jsonl')`. */
  output: DurableSink;
  /** Where the rejects go: `jsonlFile('out.rejects.jsonl', { partial: false })`. */
  rejects: DurableSink;
  /** Write the records in the order of the input. Default true. */
  ordered?: boolean | undefined;
  /**
   * What to do about an earlier run that did not come to its end. `auto` (default): go on with it, or begin where there is
   * none. `always`: go on with it, or throw. `never`: put its files aside and begin anew.
   */
  resume?: 'auto' | 'always' | 'never' | undefined;
  /** Commit when so many items are done since the last commit (256), or after so long (1,000). */
  everyItems?: number | undefined;
  everyMs?: number | undefined;
  /**
   * For a source of rejects that are tried again: what its items, by their numbers, are known by. The output's lines are then
   * `{ ...mend, record }`, those of the rejects `{ ...mend, reject }`, and that no record comes out is no error.
   */
  mends?: readonly object[] | undefined;
  /** Called with what earlier sessions did, before anything is read. */
  onResume?: ((state: RunState) => void) | undefined;
  /** Told where a file of an earlier run was put. */
  onSetAside?: ((path: string) => void) | undefined;
  /** Gives what is to be kept with each commit (JSON), such as the tokens used. */
  figures?: (() => unknown) | undefined;
}
