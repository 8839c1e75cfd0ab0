import type { Option } from 'commander';
import type { CommandSpec } from './commandSpec.js';
import { brokenExample, defaultOf, descriptionOf } from './help.js';
import { groups } from './option.js';
import { inputHelp } from './options.js';

const headingOf = (group: string) => `${group}:`;
const cell = (text: string) => text.replace(/[|<>{}]/g, '\\$&');

/** The README's reference: every command with its own options and its examples, then what several commands share, by group. */
export function referenceOf(commands: readonly CommandSpec[]): string {
  const shared = groups.map((group) => {
    const options = commands.flatMap((spec) => spec.options.filter((option) => isIn(option, group)));
    const byFlags = new Map(options.map((option) => [option.flags, option]));
    return [`**${group}**`, '', ...table([...byFlags.values()])].join('\n');
  });
  const inputs = `\`[input...]\` is ${inputHelp}.`;
  return [inputs, ...commands.map(commandPart), '### Options that commands share', ...shared].join('\n\n');
}

function commandPart({ name, args, summary, options, examples, notes = [] }: CommandSpec): string {
  const own = options.filter(({ helpGroupHeading }) => helpGroupHeading === undefined);
  const taken = groups.filter((group) => options.some((option) => isIn(option, group)));
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

const isIn = (option: Option, group: string) => option.helpGroupHeading === headingOf(group);

function table(options: Option[]): string[] {
  if (options.length === 0) return [];
  const rows = options.map((option) =>
    ['', `\`${option.flags}\``, cell(descriptionOf(option)), cell(defaultOf(option) ?? ''), ''].join(' | ').trim(),
  );
  return ['| option | | default |', '|---|---|---|', ...rows];
}

const begin = '<!-- reference: npm run reference writes what stands up to the next mark -->';
const end = '<!-- end of the reference -->';

/** The README with the reference between its marks written anew. */
export function withReference(readme: string, commands: readonly CommandSpec[]): string {
  const [before, after] = [readme.indexOf(begin), readme.indexOf(end)];
  if (before === -1 || after < before) throw new Error(`the README has no line "${begin}" with "${end}" after it`);
  return `${readme.slice(0, before + begin.length)}\n\n${referenceOf(commands)}\n\n${readme.slice(after)}`;
}
