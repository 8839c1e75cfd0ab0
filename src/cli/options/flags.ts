import { Option as CommanderOption } from 'commander';
import { UsageError } from '../../errors.js';
import { suggestion } from '../../util/check.js';
import type { Declared, Option, Resolved } from '../../util/options.js';

/** The headings of options that several commands share, in the order of help and of the reference. */
export const groups = [
  ...[
    'Input',
    'Output',
    'Shards',
    'Records',
    'Split',
    'Keys',
    'Documents',
    'Questions',
    'Negatives',
    'Judges',
    'Samples',
    'Index',
  ],
  ...['Model', 'Stage models', 'Limits', 'Money', 'Batches', 'Queue', 'Dry run'],
];

/** A flag as commander parses it, and the option that it sets. */
export class Flag extends CommanderOption {
  constructor(
    flags: string,
    readonly setting: string,
    readonly declared: Option,
  ) {
    super(flags);
  }

  override attributeName(): string {
    return this.setting;
  }

  /** True for the flag that turns an option off. */
  get turnsOff(): boolean {
    return this.negate || this.presetArg === false;
  }
}

const lowered = (name: string, separator: string): string =>
  name.replace(/[A-Z]/g, (letter) => separator + letter.toLowerCase());

/** `--num-neg` of `numNeg`; `-k` of a name of one letter. */
export const flagName = (name: string): string => (name.length === 1 ? `-${name}` : `--${lowered(name, '-')}`);

/**
 * The flags of options, each under its name, and hidden ones under its aliases and in snake_case. An option that is on by
 * default shows only the flag that turns it off. Flags without a group come first. Options of kind `object` have none.
 */
export function flagsOf(declared: Declared): Flag[] {
  const options = Object.entries(declared).filter(([, { kind }]) => kind !== 'object');
  const shown = options.flatMap(([name, option]) => shownFlags(name, option));
  shown.sort((a, b) => groups.indexOf(a.declared.group ?? '') - groups.indexOf(b.declared.group ?? ''));
  const taken = new Set(shown.map(({ long, short }) => long ?? short));
  const hidden = options
    .flatMap(([name, option]) => hiddenFlags(name, option))
    .filter(({ long, short }) => {
      const isFree = !taken.has(long ?? short);
      taken.add(long ?? short);
      return isFree;
    });
  return [...shown, ...hidden];
}

function shownFlags(name: string, option: Option): Flag[] {
  const { short } = option;
  const isOn = option.kind === 'switch' && option.default === true;
  const long = `${short === undefined ? '' : `-${short}, `}${flagName(name)}`;
  return [...(isOn ? [] : [onFlag(long, name, option)]), ...offFlags([flagName(name)], name, option).slice(0, 1)];
}

function hiddenFlags(name: string, option: Option): Flag[] {
  const spellings = [name, ...option.aliases].flatMap((one) => [flagName(one), `--${lowered(one, '_')}`]);
  const flags = [...spellings.map((spelling) => onFlag(spelling, name, option)), ...offFlags(spellings, name, option)];
  return flags.map((flag) => flag.hideHelp() as Flag);
}

function onFlag(names: string, setting: string, option: Option): Flag {
  const { kind, placeholder, valueOptional } = option;
  if (kind === 'switch') return new Flag(names, setting, option);
  const value = valueOptional ? placeholder.replace('<', '[').replace('>', ']') : placeholder;
  const flag = new Flag(`${names} ${value}`, setting, option);
  flag.argParser((text, earlier) => {
    const read = readFlag(flagName(setting), option, text);
    return kind === 'list' ? [...((earlier as string[] | undefined) ?? []), read] : read;
  });
  return flag;
}

function offFlags(spellings: string[], setting: string, option: Option): Flag[] {
  const { helpOff, offName } = option;
  if (helpOff === undefined) return [];
  const named = offName === undefined ? [] : [new Flag(flagName(offName), setting, option).preset(false) as Flag];
  const negated = spellings.filter((spelling) => spelling.startsWith('--'));
  return [...named, ...negated.map((spelling) => new Flag(`--no-${spelling.slice(2)}`, setting, option))];
}

/** Reads the text of a flag. Throws UsageError for a value that the option does not take. */
function readFlag(name: string, option: Option, text: string): unknown {
  const value = option.parse(text);
  if (option.accepts(value)) return value;
  const got =
    text === '' ? 'an empty text' : typeof value === 'number' && !Number.isNaN(value) ? text : JSON.stringify(text);
  throw new UsageError(`${name} must be ${option.expected}, got ${got}`, {
    hint: option.choices && suggestion(text, option.choices),
  });
}

/** Fills in the defaults of options that were not given. Throws UsageError for one that must be given. */
export function withFlagDefaults<D extends Declared>(command: string, declared: D, given: object): Resolved<D> {
  const values: Record<string, unknown> = { ...given };
  for (const [name, { kind, presence, placeholder, help, default: value }] of Object.entries(declared)) {
    if (kind === 'object' || values[name] !== undefined) continue;
    if (presence === 'required') throw new UsageError(`${command} needs ${flagName(name)} ${placeholder}: ${help}`);
    values[name] = value;
  }
  return values as Resolved<D>;
}
