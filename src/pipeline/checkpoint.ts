import type { DurableSink } from '../flow/durableSink.js';
import { orderedOption } from '../flow/options.js';
import { isRecord } from '../record.js';
import { callback, choice, type OptionsOf, object, type Resolved, wholeNumber } from '../util/options.js';
import type { RunSettings, RunState } from './state/runState.js';
import type { RunStore } from './state/runStore.js';

const anObject = { expected: 'an object', accepts: isRecord };
const aSink = {
  expected: 'a durable sink, such as durableJsonl(path)',
  accepts: (value: unknown) => isRecord(value) && typeof value.append === 'function',
};

/** The treatment of an earlier run that was not finished. */
export const resumeOption = choice(['auto', 'always', 'never', 'rebuild'], {
  help: 'with an unfinished run at the output: auto resumes it, always fails if there is none, never starts a new run, rebuild finds what is done in its records if its state is lost',
  default: 'auto',
  group: 'Output',
  shapesRecords: false,
});

/** The options that make a run resumable. */
export const checkpointOptions = {
  /** Keeps how far the run is: `new RunStore('out.jsonl.rareflow')`. The caller that opened it closes it. */
  store: object<RunStore>()({ help: 'keeps how far the run is', required: true }, anObject),
  /** All that shapes the records, as JSON: model, prompts, options, seed, inputs. Not concurrency, limits, keys. */
  settings: object<RunSettings>()({ help: 'all that shapes the records, as JSON', required: true }, anObject),
  /** Returns settings that an earlier version stored in the form of today's, before both are compared. */
  readSettings: callback<(stored: RunSettings, state: RunState) => RunSettings>()({
    help: "returns settings of an earlier version in the form of today's",
  }),
  /** The output of the records: `durableJsonl('out.jsonl')`. */
  output: object<DurableSink>()({ help: 'the output of the records', required: true }, aSink),
  /** The output of the rejects: `durableJsonl('out.rejects.jsonl', { partial: false })`. */
  rejects: object<DurableSink>()({ help: 'the output of the rejects', required: true }, aSink),
  /**
   * The outputs of what each stage made, one for each stage: `durableJsonl('step1.jsonl', { partial: false })`. Each holds the records of
   * the finished items, in the order of the output, those that a later stage rejected among them. Default: none are written.
   */
  steps: object<DurableSink[]>()(
    { help: 'the outputs of what each stage made' },
    { expected: 'a list of durable sinks', accepts: (value) => Array.isArray(value) && value.every(aSink.accepts) },
  ),
  /** Write the records in the order of the input. Default true. */
  ordered: orderedOption,
  /**
   * An earlier run that was not finished is resumed, if there is one (`auto`, the default); must exist and is resumed
   * (`always`); or its files are set aside and a new run starts (`never`). `rebuild` makes the state of a run that lost it from
   * what it has written: see `rebuildRun`.
   */
  resume: resumeOption,
  /** Commit when this many items are finished since the last commit (256), or after this time (1,000 ms). */
  everyItems: wholeNumber({ help: 'commit after this many items', default: 256, shapesRecords: false }),
  everyMs: wholeNumber({ help: 'commit after this many milliseconds', default: 1000, min: 0, shapesRecords: false }),
  /**
   * For a source of rejects that are retried: an object that identifies each item, by its number. The lines of the output are then
   * `{ ...item, record }`, those of the rejects `{ ...item, reject }`, and it is not an error if no record comes out.
   */
  retried: object<readonly object[]>()(
    { help: 'identifies the rejects that are retried', aliases: ['mends'] },
    { expected: 'a list of objects', accepts: Array.isArray },
  ),
  /** True for a part of an input, such as a shard: that no record comes out is not an error. */
  mayBeEmpty: object<boolean>()(
    { help: 'a run without any record is not an error' },
    { expected: 'true or false', accepts: (value) => typeof value === 'boolean' },
  ),
  /** Called with the state of the earlier sessions, before anything is read. */
  onResume: callback<(state: RunState) => void>()({ help: 'called with the state of the earlier sessions' }),
  /** Called with the new path of a file of an earlier run. */
  onSetAside: callback<(path: string) => void>()({ help: 'called with the new path of a file that is set aside' }),
  /** Returns what to keep with each commit (JSON), such as the tokens used. */
  figures: callback<() => unknown>()({ help: 'returns what to keep with each commit' }),
};

export type Checkpoint = OptionsOf<typeof checkpointOptions>;
export type ResolvedCheckpoint = Resolved<typeof checkpointOptions>;
