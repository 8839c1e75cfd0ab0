import type { CommandSpec } from '../command.js';
import { type Flag, flagName, flagsOf, groups } from './flags.js';
import { brokenExample, defaultOfFlag, descriptionOf } from './help.js';
import { inputHelp } from './input.js';

type Group = [name: string, flags: Flag[]];

const listedFlags = ({ options }: CommandSpec) => flagsOf(options).filter(({ hidden }) => !hidden);
const isIn = ({ declared }: Flag, group: string) => declared.group === group;

/** The reference: each command with its own options and its examples, then the options that several commands share, by group. */
export function referenceOf(commands: readonly CommandSpec[]): string {
  const all = commands.flatMap(listedFlags);
  const shared = groups.map((name): Group => {
    const flags = all.filter((flag) => isIn(flag, name));
    return [name, [...new Map(flags.map((flag) => [flag.flags, flag])).values()]];
  });
  return [
    `\`[input...]\` is ${inputHelp}.`,
    ...commands.map((spec) => commandPart(spec, shared)),
    '### Options that commands share',
    ...shared.map(([name, flags]) => [`**${name}**`, '', ...table(flags)].join('\n')),
    '### Other names',
    'A flag may also be written in snake_case (`--num_neg`). These names mean the same as those above:',
    aliasTable(all),
  ].join('\n\n');
}

function commandPart(spec: CommandSpec, shared: Group[]): string {
  const { name, args, summary, examples, notes = [] } = spec;
  const flags = listedFlags(spec);
  const own = flags.filter(({ declared }) => declared.group === undefined);
  const taken = shared.flatMap((group) => takenOf(group, flags));
  const usage = ['rareflow', name, ...Object.keys(args)].join(' ');
  const explained = Object.entries(args).filter(([, about]) => about !== inputHelp);
  const parts = [
    `### \`${usage}\``,
    [`${summary}.`, ...explained.map(([arg, about]) => `\`${arg}\`: ${about}.`)].join(' '),
    ['```sh', ...examples.map((example) => brokenExample(example, 100)), '```'].join('\n'),
    table(own).join('\n'),
    taken.length === 0 ? '' : `${own.length === 0 ? 'Options' : 'Further options'}: ${taken.join(', ')}.`,
    notes.length === 0 ? '' : ['```', ...notes, '```'].join('\n'),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** `Input`, or `Input without --limit`, if a command takes options of the group; those that it has are listed if they are few. */
function takenOf([name, all]: Group, flags: Flag[]): string[] {
  const taken = flags.filter((flag) => isIn(flag, name));
  const missing = all.filter((flag) => !taken.some((one) => one.flags === flag.flags));
  if (taken.length === 0) return [];
  if (missing.length === 0) return [name];
  return [taken.length < missing.length ? `of ${name} ${named(taken)}` : `${name} without ${named(missing)}`];
}

const named = (flags: Flag[]) => flags.map(({ long, short }) => `\`${long ?? short}\``).join(' and ');

function table(flags: Flag[]): string[] {
  if (flags.length === 0) return [];
  const rows = flags.map((flag) =>
    ['', `\`${flag.flags}\``, cell(descriptionOf(flag)), cell(defaultOfFlag(flag) ?? ''), ''].join(' | ').trim(),
  );
  return ['| option | | default |', '|---|---|---|', ...rows];
}

function aliasTable(flags: Flag[]): string {
  const rows = new Map<string, string[]>();
  for (const { setting, declared } of flags) {
    if (declared.aliases.length > 0) rows.set(setting, [...declared.aliases]);
  }
  const lines = [...rows].map(
    ([name, aliases]) => `| \`${flagName(name)}\` | ${aliases.map((one) => `\`${flagName(one)}\``).join(', ')} |`,
  );
  return ['| option | other names |', '|---|---|', ...lines].join('\n');
}

const cell = (text: string) => text.replace(/[|<>{}]/g, '\\$&');

const begin = '<!-- reference: written by npm run reference -->';
const end = '<!-- end of the reference -->';

/** A text with the reference between its marks replaced by today's. */
export function withReference(text: string, commands: readonly CommandSpec[]): string {
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before === -1 || after < before) throw new Error(`the text has no line "${begin}" with "${end}" after it`);
  return `${text.slice(0, before + begin.length)}\n\n${referenceOf(commands)}\n\n${text.slice(after)}`;
}
