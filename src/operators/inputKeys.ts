import { type DataRecord, isText } from '../record.js';
import { describe } from '../util/check.js';

/** A key that a stage reads, and the type of its values. */
export interface InputKey<K extends string = string, V = unknown> {
  key: K;
  /** The option that sets the key, if one does. */
  option?: string | undefined;
  /** Returns what is wrong with a value, if anything: `is blank`. */
  problem: (value: unknown) => string | undefined;
  /** Never set: it carries the type of the values to `RecordWith`. */
  readonly valueType?: V;
}

/** A record whose input keys hold good values. Keys that only an option names are not typed. */
export type RecordWith<Inputs extends readonly InputKey[]> = DataRecord & {
  [Input in Inputs[number] as string extends Input['key'] ? never : Input['key']]: Input extends InputKey<
    string,
    infer V
  >
    ? V
    : unknown;
};

/** An input key that must hold a text. `option` is the option that sets the key, if one does. */
export const textInput = <const K extends string>(key: K, option?: string): InputKey<K, string> => ({
  key,
  option,
  problem: textProblem,
});

/** An input key that must hold a list of texts. `option` is the option that sets the key, if one does. */
export const textListInput = <const K extends string>(key: K, option?: string): InputKey<K, string[]> => ({
  key,
  option,
  problem: textListProblem,
});

/** Checks a text: a string that holds more than white space. */
export function textProblem(value: unknown): string | undefined {
  if (isText(value)) return undefined;
  return typeof value === 'string' ? 'is blank' : `holds ${describe(value)}, not a string`;
}

/** Checks a list of texts. */
export function textListProblem(value: unknown): string | undefined {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return undefined;
  return `holds ${describe(value)}, not a list of strings`;
}
