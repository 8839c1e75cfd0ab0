import { existsSync, writeFileSync } from 'node:fs';
import type { Option } from 'commander';
import { UsageError } from '../../errors.js';
import { outputError } from '../../io/systemErrors.js';
import type { CommandSpec } from '../command.js';
import { aboutOf, defaultOf, wrapped } from '../options/help.js';
import { ListOption, option } from '../options/option.js';
import { say } from '../progress/terminal.js';
import { runCommand } from './run.js';

interface Flags {
  force?: boolean;
}

export const initCommand: CommandSpec = {
  name: 'init',
  group: 'Set up and rehearse',
  args: { '[file]': 'the file to write (default: rareflow.config.ts)' },
  summary: 'Write a configuration file with every option of run, commented out',
  options: [option('--force', 'write over a file that is there')],
  examples: ['rareflow init', 'rareflow init other.config.ts'],
  async run([file = 'rareflow.config.ts']: string[], { force = false }: Flags) {
    if (!force && existsSync(file))
      throw new UsageError(`${file} is there already`, { hint: '--force writes over it' });
    try {
      writeFileSync(file, configText(runCommand.options));
    } catch (error) {
      throw outputError(error, file);
    }
    say(`rareflow: wrote ${file}; a command line goes before what it says`);
    return 0;
  },
};

/** Every option as a comment that can be uncommented, under the headings of --help. */
function configText(options: readonly Option[]): string {
  const entries = options.filter((option) => !option.negate || positiveOf(option, options) === undefined);
  const lines = entries.flatMap((option, place) => {
    const heading = option.helpGroupHeading ?? 'Of the run:';
    const isFirst = place === 0 || entries[place - 1]?.helpGroupHeading !== option.helpGroupHeading;
    const off = options.find((other) => other.negate && positiveOf(other, options) === option);
    const about = `${option.flags}: ${aboutOf(option)}${off === undefined ? '' : `; false to ${off.description}`}`;
    return [
      ...(isFirst ? ['', `  // ${heading.replace(/:$/, '').toUpperCase()}`] : []),
      ...wrapped(about, 112).map((line) => `  // ${line}`),
      `  // ${option.attributeName()}: ${exampleOf(option)},`,
    ];
  });
  return [
    '// Options of rareflow in camelCase. What stands here counts for every command that has the option;',
    '// a command line goes before it. Keys of an API are never written here: apiKeyEnv names the variable that holds one.',
    'export default {',
    '  // For single commands, for example:',
    "  // commands: { 'reason-distill': { temperature: 0.7 } },",
    ...lines,
    '};',
    '',
  ].join('\n');
}

/** `--cache <folder>` of `--no-cache`. */
function positiveOf(option: Option, options: readonly Option[]): Option | undefined {
  return options.find((other) => !other.negate && other.attributeName() === option.attributeName());
}

/** A value that the option takes: its default where that is one. */
function exampleOf(option: Option): string {
  const { defaultValue, argChoices, parseArg, variadic } = option;
  if (option.isBoolean() || option.optional || option.negate) return String(option.negate !== true);
  if (variadic || Array.isArray(defaultValue)) return "['']";
  if (defaultValue !== undefined) return JSON.stringify(defaultValue).replaceAll('"', "'");
  const words = defaultOf(option) ?? '';
  if (argChoices) return `'${argChoices.find((choice) => choice === words) ?? argChoices[0]}'`;
  if (parseArg === undefined || option instanceof ListOption) return "''";
  return /^[\d.]+$/.test(words) ? words : '1';
}
