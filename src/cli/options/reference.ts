import type { Option } from 'commander';
import type { CommandSpec } from '../command.js';
import { brokenExample, defaultOf, descriptionOf } from './help.js';
import { groups } from './option.js';
import { inputHelp } from './options.js';

type Group = [name: string, options: Option[]];

/** The README's reference: every command with its own options and its examples, then what several commands share, by group. */
export function referenceOf(commands: readonly CommandSpec[]): string {
  const shared = groups.map((name): Group => {
    const options = commands.flatMap((spec) => spec.options.filter((option) => isIn(option, name)));
    return [name, [...new Map(options.map((option) => [option.flags, option])).values()]];
  });
  return [
    `\`[input...]\` is ${inputHelp}.`,
    ...commands.map((spec) => commandPart(spec, shared)),
    '### Options that commands share',
    ...shared.map(([name, options]) => [`**${name}**`, '', ...table(options)].join('\n')),
  ].join('\n\n');
}

function commandPart({ name, args, summary, options, examples, notes = [] }: CommandSpec, shared: Group[]): string {
  const own = options.filter(({ helpGroupHeading }) => helpGroupHeading === undefined);
  const taken = shared.flatMap((group) => takenOf(group, options));
  const usage = ['rareflow', name, ...Object.keys(args)].join(' ');
  const told = Object.entries(args).filter(([, about]) => about !== inputHelp);
  const parts = [
    `### \`${usage}\``,
    [`${summary}.`, ...told.map(([arg, about]) => `\`${arg}\`: ${about}.`)].join(' '),
    ['```sh', ...examples.map((example) => brokenExample(example, 100)), '```'].join('\n'),
    table(own).join('\n'),
    taken.length === 0 ? '' : `${own.length === 0 ? 'Options' : 'Further options'}: ${taken.join(', ')}.`,
    notes.length === 0 ? '' : ['```', ...notes, '```'].join('\n'),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

const isIn = (option: Option, group: string) => option.helpGroupHeading === `${group}:`;

/** `Input`, or `Input without --limit`, where a command takes options of the group. */
function takenOf([name, all]: Group, options: Option[]): string[] {
  const flags = options.filter((option) => isIn(option, name)).map((option) => option.flags);
  const missing = all.filter((option) => !flags.includes(option.flags)).map(({ long }) => `\`${long}\``);
  if (flags.length === 0) return [];
  return [missing.length === 0 ? name : `${name} without ${missing.join(' and ')}`];
}

function table(options: Option[]): string[] {
  if (options.length === 0) return [];
  const rows = options.map((option) =>
    ['', `\`${option.flags}\``, cell(descriptionOf(option)), cell(defaultOf(option) ?? ''), ''].join(' | ').trim(),
  );
  return ['| option | | default |', '|---|---|---|', ...rows];
}

const cell = (text: string) => text.replace(/[|<>{}]/g, '\\$&');

const begin = '<!-- reference: npm run reference writes what stands up to the next mark -->';
const end = '<!-- end of the reference -->';

/** The README with the reference between its marks written anew. */
export function withReference(readme: string, commands: readonly CommandSpec[]): string {
  const [before, after] = [readme.indexOf(begin), readme.indexOf(end)];
  if (before === -1 || after < before) throw new Error(`the README has no line "${begin}" with "${end}" after it`);
  return `${readme.slice(0, before + begin.length)}\n\n${referenceOf(commands)}\n\n${readme.slice(after)}`;
}
