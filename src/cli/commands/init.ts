import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../errors.js';
import { type Declared, onOff } from '../../util/options.js';
import { command } from '../command.js';
import { configNames, readValue } from '../options/config.js';
import { type Flag, flagsOf } from '../options/flags.js';
import { aboutOf, defaultOf, wrapped } from '../options/help.js';
import { trust } from '../options/trustedFolders.js';
import { say } from '../progress/terminal.js';
import { runCommand } from './run.js';

export const initCommand = command({
  name: 'init',
  group: 'Set up and rehearse',
  args: { '[file]': 'the file to write (default: rareflow.config.mjs)' },
  summary: 'Write a configuration file with every option of run, commented out, and trust its folder',
  options: { force: onOff({ help: 'overwrite an existing file', shapesRecords: false }) },
  examples: ['rareflow init', 'rareflow init other.config.mjs'],
  async run([file = 'rareflow.config.mjs'], { force = false }) {
    if (!/\.[cm]?[jt]s$/.test(file)) {
      throw new UsageError(`${file}: init writes a program with comments`, { hint: 'name a .mjs, .js or .ts file' });
    }
    if (!force && existsSync(file)) throw new UsageError(`${file} already exists`, { hint: '--force overwrites it' });
    try {
      writeFileSync(file, configText(runCommand.options));
    } catch (error) {
      const { outputError } = await import('../../io/systemErrors.js');
      throw outputError(error, file);
    }
    say(`rareflow: wrote ${file}; flags on the command line override its values`);
    if (!configNames.includes(path.basename(file))) return 0;
    try {
      trust(path.dirname(file));
    } catch (error) {
      say(
        `rareflow: this folder could not be recorded as trusted (${(error as Error).message}): name it, --config ${file}`,
      );
    }
    return 0;
  },
});

/** Every option as a comment that can be uncommented, under the headings of --help. */
function configText(options: Declared): string {
  const flags = flagsOf(options).filter(({ hidden }) => !hidden);
  const first = flags.filter((flag, index) => flags.findIndex(({ setting }) => setting === flag.setting) === index);
  const lines = first.flatMap((flag, index) => {
    const { declared, setting } = flag;
    const isNewGroup = index === 0 || first[index - 1]?.declared.group !== declared.group;
    const hasBoth = !flag.turnsOff && declared.helpOff !== undefined;
    const about = `${flag.flags}: ${aboutOf(flag)}${hasBoth ? `; false to ${declared.helpOff}` : ''}`;
    return [
      ...(isNewGroup ? ['', `  // ${(declared.group ?? 'of the run').toUpperCase()}`] : []),
      ...wrapped(about, 112).map((line) => `  // ${line}`),
      `  // ${setting}: ${exampleOf(flag)},`,
    ];
  });
  return [
    '// Options of rareflow in camelCase. They apply to every command that has the option; flags on the command line',
    '// override them. Never write an API key here: apiKeyEnv names the environment variable that holds one.',
    'export default {',
    '  // For single commands, for example:',
    "  // commands: { 'reason-distill': { temperature: 0.7 } },",
    ...lines,
    '};',
    '',
  ].join('\n');
}

/** A value that the option accepts: its default if it has one. */
function exampleOf({ declared, turnsOff, variadic }: Flag): string {
  const { kind, choices, valueOptional, default: value, accepts } = declared;
  if (turnsOff) return 'false';
  if (kind === 'switch' || valueOptional) return 'true';
  if (value !== undefined) return JSON.stringify(value).replaceAll('"', "'");
  if (variadic) return "['text']";
  const words = defaultOf(declared) ?? '';
  if (choices) return `'${choices.find((choice) => choice === words) ?? choices[0]}'`;
  const example = [Number.parseFloat(words), 1, 0.5, '', 'text', '1'].find((one) => accepts(readValue(declared, one)));
  return typeof example === 'string' ? `'${example}'` : String(example);
}
