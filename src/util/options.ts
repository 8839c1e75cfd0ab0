import { UsageError } from '../errors.js';
import { isRecord } from '../record.js';
import { mustBe, suggestion } from './check.js';

/** An option must be given, has a default, or may be left out. */
export type Presence = 'required' | 'default' | 'optional';

/**
 * The declaration of one option. The library's check and type, the flag, its help, the configuration, completion, the
 * reference and the settings that a resumed run must share with its first start are derived from it.
 */
export interface Option<out T = unknown, out P extends Presence = Presence> {
  /** `switch` is on or off; a `list` may be given more than once; an `object` is for programs only and has no flag. */
  readonly kind: 'value' | 'switch' | 'list' | 'object';
  readonly presence: P;
  /** Its effect, as one clause. */
  readonly help: string;
  /** The help of the flag that turns it off; without it the option has no such flag. */
  readonly helpOff: string | undefined;
  /** The name of that flag, if it is not `no-NAME`: `unordered`. */
  readonly offName: string | undefined;
  readonly default: T | undefined;
  /** The default that follows from the other values, if it is not a constant. */
  readonly defaultFrom: ((values: Readonly<Record<string, unknown>>) => unknown) | undefined;
  /** A description of the default, if it is not a constant. */
  readonly defaultText: string | undefined;
  /** The placeholder of its value in help: `<n>`. */
  readonly placeholder: string;
  /** The flag may be given without a value, which means `true`. */
  readonly valueOptional: boolean;
  readonly choices: readonly string[] | undefined;
  /** Its heading in help. */
  readonly group: string | undefined;
  /** The letter of its short flag. */
  readonly short: string | undefined;
  /** Earlier and other names that mean the same. */
  readonly aliases: readonly string[];
  /** True if the records of a run depend on it. */
  readonly shapesRecords: boolean;
  /** The end of the message `NAME must be …`. */
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** Parses the value of a flag; `accepts` checks the result. */
  parse(text: string): unknown;
}

/** Options by their names in the library. */
export type Declared = Record<string, Option>;

type ValueOf<O> = O extends Option<infer T> ? T : never;

/** The options that a caller passes: required ones, and others that may be left out. */
export type OptionsOf<D extends Declared> = {
  [K in keyof D as D[K] extends Option<unknown, 'required'> ? K : never]: ValueOf<D[K]>;
} & {
  [K in keyof D as D[K] extends Option<unknown, 'required'> ? never : K]?: ValueOf<D[K]> | undefined;
};

/** The same with defaults filled in. */
export type Resolved<D extends Declared> = {
  [K in keyof D]: D[K] extends Option<unknown, 'optional'> ? ValueOf<D[K]> | undefined : ValueOf<D[K]>;
};

interface Facts {
  help: string;
  helpOff?: string;
  offName?: string;
  required?: boolean;
  default?: unknown;
  defaultFrom?: (values: Readonly<Record<string, unknown>>) => unknown;
  defaultText?: string;
  placeholder?: string;
  group?: string;
  short?: string;
  aliases?: readonly string[];
  /** Default true. */
  shapesRecords?: boolean;
}

type PresenceOf<F> = F extends { required: true }
  ? 'required'
  : F extends { default: unknown }
    ? 'default'
    : 'optional';
type OrFalse<F> = F extends { helpOff: string } ? false : never;

interface Kind {
  kind: Option['kind'];
  placeholder: string;
  expected: string;
  accepts: (value: unknown) => boolean;
  parse?: (text: string) => unknown;
  choices?: readonly string[];
  valueOptional?: boolean;
}

function declare<T, F extends Facts>(facts: F, kind: Kind): Option<T | OrFalse<F>, PresenceOf<F>> {
  const {
    help,
    helpOff,
    offName,
    required,
    defaultFrom,
    defaultText,
    group,
    short,
    aliases = [],
    shapesRecords = true,
  } = facts;
  const presence = (required ? 'required' : 'default' in facts ? 'default' : 'optional') as PresenceOf<F>;
  const takesFalse = helpOff !== undefined && kind.kind !== 'switch';
  return {
    kind: kind.kind,
    ...{ presence, help, helpOff, offName, defaultFrom, defaultText, group, short, aliases, shapesRecords },
    default: facts.default as T,
    placeholder: facts.placeholder ?? kind.placeholder,
    valueOptional: kind.valueOptional ?? false,
    choices: kind.choices,
    expected: kind.expected,
    accepts: (value) =>
      (takesFalse && value === false) || (kind.valueOptional === true && value === true) || kind.accepts(value),
    parse: kind.parse ?? ((text) => text),
  };
}

interface NumberFacts extends Facts {
  default?: number;
  min?: number;
  max?: number;
  /** The value must be greater. */
  above?: number;
}

const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

function isWithin(value: number, { min, max, above }: NumberFacts): boolean {
  return (
    !(min !== undefined && value < min) &&
    !(max !== undefined && value > max) &&
    !(above !== undefined && value <= above)
  );
}

function rangeText({ min, max, above }: NumberFacts): string {
  const parts = [
    min !== undefined && `>= ${min}`,
    above !== undefined && `> ${above}`,
    max !== undefined && `<= ${max}`,
  ];
  return parts.filter(Boolean).join(' and ');
}

/** A whole number; `min` is 1 unless it is given. */
export function wholeNumber<const F extends NumberFacts>(facts: F): Option<number | OrFalse<F>, PresenceOf<F>> {
  const range = { min: 1, ...facts };
  return declare<number, F>(facts, {
    kind: 'value',
    placeholder: '<n>',
    expected: `a whole number ${rangeText(range)}`,
    accepts: (value) => Number.isSafeInteger(value) && isWithin(value as number, range),
    parse: numberOf,
  });
}

/** A finite number. */
export function number<const F extends NumberFacts>(facts: F): Option<number | OrFalse<F>, PresenceOf<F>> {
  const range = rangeText(facts);
  return declare<number, F>(facts, {
    kind: 'value',
    placeholder: '<x>',
    expected: range === '' ? 'a number' : `a number ${range}`,
    accepts: (value) => Number.isFinite(value) && isWithin(value as number, facts),
    parse: numberOf,
  });
}

/** A text. An empty one is accepted only if `mayBeEmpty`. */
export function text<const F extends Facts & { default?: string; mayBeEmpty?: boolean }>(
  facts: F,
): Option<string | OrFalse<F>, PresenceOf<F>> {
  return declare<string, F>(facts, {
    kind: 'value',
    placeholder: '<text>',
    expected: facts.mayBeEmpty ? 'a text' : 'a text that is not empty',
    accepts: (value) => typeof value === 'string' && (facts.mayBeEmpty === true || value !== ''),
  });
}

/** The name of a key of the records. */
export function key<const Name extends string, const F extends Omit<Facts, 'default'>>(
  name: Name,
  facts: F,
): Option<string, 'default'> {
  return text({ placeholder: '<key>', mayBeEmpty: true, ...facts, default: name as string }) as Option<
    string,
    'default'
  >;
}

/** One of several names. */
export function choice<const C extends readonly string[], const F extends Facts & { default?: C[number] }>(
  choices: C,
  facts: F,
): Option<C[number] | OrFalse<F>, PresenceOf<F>> {
  return declare<C[number], F>(facts, {
    kind: 'value',
    placeholder: '<name>',
    expected: choices.join(', ').replace(/, ([^,]+)$/, ' or $1'),
    accepts: (value) => choices.includes(value as string),
    choices,
  });
}

/** On or off. An option that is on by default has only a flag that turns it off, so `helpOff` is the help of that flag. */
export function onOff<const F extends Facts & { default?: boolean }>(facts: F): Option<boolean, PresenceOf<F>> {
  return declare<boolean, F>(facts, {
    kind: 'switch',
    placeholder: '',
    expected: 'true or false',
    accepts: (value) => typeof value === 'boolean',
  }) as Option<boolean, PresenceOf<F>>;
}

/** One text, or a list of them: the flag may be given more than once. */
export function list<const F extends Facts>(facts: F): Option<string | string[], PresenceOf<F>> {
  return declare<string | string[], F>(facts, {
    kind: 'list',
    placeholder: '<text>',
    expected: 'a text or a list of texts',
    accepts: (value) => [value].flat().every((one) => typeof one === 'string' && one !== ''),
  }) as Option<string | string[], PresenceOf<F>>;
}

/** A value of a custom form: `accepts` checks it, `parse` reads the text of its flag. */
export function value<T, const F extends Facts = Facts>(
  facts: F,
  kind: {
    expected: string;
    accepts: (value: unknown) => boolean;
    parse?: (text: string) => unknown;
    choices?: readonly string[];
    valueOptional?: boolean;
  },
): Option<T | OrFalse<F>, PresenceOf<F>> {
  return declare<T, F>(facts, { kind: 'value', placeholder: '<text>', ...kind });
}

type ObjectFacts = Pick<Facts, 'help' | 'required' | 'defaultText' | 'aliases'>;

/**
 * An object that only a program can pass: a function, a model, an index. It has no flag and is not part of a run's settings.
 * `object<ChatModel>()({ help, required: true, … })`: TypeScript infers either all type parameters or none.
 */
export function object<T>() {
  return <const F extends ObjectFacts>(
    facts: F,
    { expected, accepts }: Pick<Kind, 'expected' | 'accepts'>,
  ): Option<T, PresenceOf<F>> =>
    declare<T, F>({ ...facts, shapesRecords: false } as F, {
      kind: 'object',
      placeholder: '',
      expected,
      accepts,
    }) as Option<T, PresenceOf<F>>;
}

/** A callback. */
export function callback<T extends (...args: never[]) => unknown>() {
  return <const F extends ObjectFacts>(facts: F): Option<T, PresenceOf<F>> =>
    object<T>()(facts, { expected: 'a function', accepts: (value) => typeof value === 'function' });
}

const camelCase = (name: string): string =>
  name.replace(/[-_]+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());

/** Returns the option's name for a name, an alias, or either of them in snake_case; undefined if there is none. */
export function optionNamed(declared: Declared, name: string): string | undefined {
  for (const wanted of [name, camelCase(name)]) {
    if (Object.hasOwn(declared, wanted)) return wanted;
    const found = Object.entries(declared).find(([, { aliases }]) => aliases.includes(wanted));
    if (found !== undefined) return found[0];
  }
  return undefined;
}

/**
 * Checks what a caller passed against the declared options, and fills in the defaults. An alias counts as the option that
 * it means; `undefined` counts as left out.
 *
 * @throws UsageError for an unknown option (with the nearest name), one given under two names with different values, a missing one, a value out of range
 */
export function resolveOptions<const D extends Declared>(owner: string, declared: D, given: unknown = {}): Resolved<D> {
  if (!isRecord(given)) throw mustBe(`the options of ${owner}`, 'an object', given);
  const values: Record<string, unknown> = {};
  for (const [asked, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const name = optionNamed(declared, asked);
    if (name === undefined) throw unknownOption(owner, asked, Object.keys(declared));
    if (Object.hasOwn(values, name) && values[name] !== value) {
      throw new UsageError(`${owner}: ${name} is given twice, once as ${asked}`);
    }
    checkOption(`${owner}: ${name}`, declared[name] as Option, value);
    values[name] = value;
  }
  for (const [name, option] of Object.entries(declared)) {
    if (Object.hasOwn(values, name)) continue;
    if (option.presence === 'required') {
      throw new UsageError(`${owner}: the option ${name} is missing`, { hint: `it must be ${option.expected}` });
    }
    values[name] = option.default;
  }
  return values as Resolved<D>;
}

/** Throws UsageError for a value that the option does not take. */
export function checkOption(name: string, option: Option, value: unknown): void {
  if (option.accepts(value)) return;
  const { kind, helpOff, expected, choices } = option;
  const hint = typeof value === 'string' && choices ? suggestion(value, choices) : undefined;
  throw mustBe(name, kind === 'switch' || helpOff === undefined ? expected : `${expected}, or false`, value, hint);
}

/** The options without those named. */
export function omit<D extends Declared, K extends keyof D>(declared: D, ...names: K[]): Omit<D, K> {
  return Object.fromEntries(Object.entries(declared).filter(([name]) => !names.includes(name as K))) as Omit<D, K>;
}

/** The options named. */
export function pick<D extends Declared, K extends keyof D>(declared: D, ...names: K[]): Pick<D, K> {
  return Object.fromEntries(names.map((name) => [name, declared[name]])) as Pick<D, K>;
}

/** The options of two declarations. One that both have is that of the second, with the aliases of both. */
export function united<A extends Declared, B extends Declared>(first: A, second: B): Omit<A, keyof B> & B {
  const both = Object.entries(second).map(([name, option]) => {
    const aliases = [...new Set([...(first[name]?.aliases ?? []), ...option.aliases])];
    return [name, { ...option, aliases }];
  });
  return { ...first, ...Object.fromEntries(both) };
}

function unknownOption(owner: string, name: string, known: string[]): UsageError {
  return new UsageError(`${owner} has no option ${JSON.stringify(name)}`, {
    hint: suggestion(name, known) ?? `its options are ${known.join(', ')}`,
  });
}

/** Returns the values of the declared options, out of a larger object. */
export function valuesOf<D extends Declared>(declared: D, values: object): Partial<Resolved<D>> {
  const own = Object.entries(values).filter(([name]) => Object.hasOwn(declared, name));
  return Object.fromEntries(own) as Partial<Resolved<D>>;
}

/**
 * Returns the options that shape records, by name, with their defaults filled in: two starts of one run must agree on them.
 * Writing out a default changes nothing.
 */
export function shapingValues(declared: Declared, values: Record<string, unknown>): Record<string, unknown> {
  const shaping = Object.entries(declared).filter(([, { shapesRecords }]) => shapesRecords);
  const known = Object.fromEntries(shaping.map(([name, option]) => [name, values[name] ?? option.default]));
  for (const [name, { defaultFrom }] of shaping) known[name] ??= defaultFrom?.(known);
  return known;
}

/** Fills in the defaults of options that were checked before. */
export function withDefaults<const D extends Declared>(declared: D, given: object): Resolved<D> {
  const filled = Object.entries(declared).map(([name, option]) => [
    name,
    (given as Record<string, unknown>)[name] ?? option.default,
  ]);
  return Object.fromEntries(filled) as Resolved<D>;
}
