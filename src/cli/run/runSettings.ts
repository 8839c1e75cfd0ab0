import type { RunSettings, RunState } from '../../pipeline/state/runState.js';
import { type Declared, optionNamed, shapingValues } from '../../util/options.js';
import { inputIdentity, isStartOf } from './inputIdentity.js';

/** The settings that decide the records of a run. */
export interface RunShape {
  command: string;
  /** The options of the command. */
  options: Declared;
  /** The settings that are not options: the versions of prompts, the index. */
  facts?: Record<string, unknown>;
}

/** All that decides the records of a run: the content of its inputs, and those of its options that shape records. */
export function settingsOf({ command, options, facts }: RunShape, inputs: string[], flags: object): RunSettings {
  const input = inputs.map(inputIdentity);
  return { command, input, ...shapingValues(options, flags as Record<string, unknown>), ...facts };
}

export interface StoredRun {
  phase: RunState['phase'];
  /** Today's inputs, and their names for the user. */
  inputs: { file: string; name: string }[];
}

/**
 * Stored inputs as `settingsOf` identifies them: an absolute path of an earlier version, and an input of an unfinished run that
 * has grown since.
 */
export function currentInputs(stored: unknown, { phase, inputs }: StoredRun): unknown {
  if (!Array.isArray(stored) || stored.length !== inputs.length) return stored;
  return stored.map((identity: string, index) => {
    const input = inputs[index] as StoredRun['inputs'][number];
    const isOld = !identity.includes(' bytes, sha256 ');
    return (isOld || phase !== 'done') && isStartOf(identity, input) ? inputIdentity(input.file) : identity;
  });
}

/** Stored settings under today's names and with today's defaults, so that a run that an earlier version began is resumed. */
export function currentSettings({ options, facts = {} }: RunShape, stored: RunSettings): RunSettings {
  const values: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(stored)) {
    const option = Object.hasOwn(facts, name) ? undefined : optionNamed(options, name);
    if (option === undefined) others[name] = value;
    else values[option] = value;
  }
  return { ...shapingValues(options, values), ...others };
}
