import path from 'node:path';
import type { RunSettings } from '../../pipeline/runState.js';
import { type Declared, optionNamed, shapingValues } from '../../util/options.js';

/** The settings that decide the records of a run. */
export interface RunShape {
  command: string;
  /** The options of the command. */
  options: Declared;
  /** The settings that are not options: the versions of prompts, the index. */
  facts?: Record<string, unknown>;
}

/** All that decides the records of a run: its input, and those of its options that shape records. */
export function settingsOf({ command, options, facts }: RunShape, inputs: string[], flags: object): RunSettings {
  const input = inputs.map((file) => (file === '-' ? file : path.resolve(file)));
  return { command, input, ...shapingValues(options, flags as Record<string, unknown>), ...facts };
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
