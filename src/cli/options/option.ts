import { InvalidArgumentError, Option } from 'commander';
import { nanoDollars } from '../../llm/cost/dollars.js';

/** A whole number of at least `min`, as commander reads one. */
export function wholeNumber(min: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`);
  };
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number.');
}

/** Dollars, kept as they are written: a number could not hold every amount. */
export function dollarAmount(text: string): string {
  if (nanoDollars(text)) return text;
  throw new InvalidArgumentError('It must be dollars above 0, such as 12.50.');
}

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `30d` as milliseconds. */
export function durationMs(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (amount !== undefined) return Number(amount) * (unitMs[unit] as number);
  throw new InvalidArgumentError('It must be a whole number of s, m, h, d or w: 12h, 30d.');
}

export const option = (flags: string, description: string) => new Option(flags, description);

/** An option that may be given more than once; a configuration gives a value or a list, which a command line replaces. */
export class ListOption extends Option {
  constructor(flags: string, description: string) {
    super(flags, description);
    const given = new WeakSet<string[]>();
    this.argParser((value: string, earlier: string | string[] = []) => {
      const values = Array.isArray(earlier) && given.has(earlier) ? [...earlier, value] : [value];
      given.add(values);
      return values;
    });
  }
}

export const list = (flags: string, description: string) => new ListOption(flags, description);
export const count = (flags: string, description: string) => option(flags, description).argParser(wholeNumber(1));

/** The headings under which --help and the reference put the options that several commands share. */
export const groups = [
  'Input',
  'Output',
  'Records',
  'Model',
  'Limits',
  'Money',
  'Batches',
  'Dry run',
  'Questions',
  'Negatives',
  'Index',
  'Keys',
] as const;

/** Puts options under a heading. */
export const group = (heading: (typeof groups)[number], options: Option[]) =>
  options.map((option) => option.helpGroup(`${heading}:`));

/** Says in words what holds where an option is not given: its value is not known here. */
export const otherwise = (words: string, option: Option) => option.default(undefined, words);

/** The name of a key of the records. */
export const key = (flags: string, description: string, name: string) => option(flags, description).default(name);
