import { existsSync, writeFileSync } from 'node:fs';
import type { Option } from 'commander';
import { UsageError } from '../../errors.js';
import { outputError } from '../../io/systemErrors.js';
import type { CommandSpec } from '../commandSpec.js';
import { ListOption, option } from '../options.js';
import { say } from '../terminal.js';
import { runCommand } from './run.js';

interface Flags {
  force?: boolean;
}

/** What most people set first. */
const first = ['model', 'baseUrl', 'concurrency'];

export const initCommand: CommandSpec = {
  name: 'init',
  args: '[file]',
  summary: 'Write a configuration file with every flag of run, commented',
  options: [option('--force', 'write over a file that is there')],
  examples: ['rareflow init', 'rareflow init experiments/rareflow.config.ts'],
  async run([file = 'rareflow.config.ts']: string[], { force = false }: Flags) {
    if (!force && existsSync(file))
      throw new UsageError(`${file} is there already`, { hint: '--force writes over it' });
    try {
      writeFileSync(file, configText(runCommand.options));
    } catch (error) {
      throw outputError(error, file);
    }
    say(`rareflow: wrote ${file}; flags of a command line go before what it says`);
    return 0;
  },
};

/** Every option as a comment that can be uncommented. */
function configText(options: readonly Option[]): string {
  const named = (option: Option) => first.includes(option.attributeName());
  const entry = (option: Option) => {
    const choices = option.argChoices === undefined ? '' : ` One of: ${option.argChoices.join(', ')}.`;
    return `  // ${option.description}.${choices}\n  // ${option.attributeName()}: ${exampleOf(option)},\n`;
  };
  return [
    '// Flags of rareflow in camelCase. What stands here counts for every command that has the flag;',
    '// a command line goes before it. Keys of an API are never written here: apiKeyEnv names the variable that holds one.',
    'export default {',
    ...options.filter(named).map(entry),
    ...options.filter((option) => !named(option)).map(entry),
    '  // For single commands, for example:',
    "  // commands: { 'reason-distill': { temperature: 0.7 } },",
    '};',
    '',
  ].join('\n');
}

function exampleOf(option: Option): string {
  if (option.isBoolean() || option.negate) return String(option.negate !== true);
  if (option.defaultValue !== undefined) return JSON.stringify(option.defaultValue);
  if (option.variadic) return '[]';
  if (option.argChoices) return JSON.stringify(option.argChoices[0]);
  return option.parseArg === undefined || option instanceof ListOption ? "''" : '0';
}
