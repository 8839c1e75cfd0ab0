import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ExitCode, RareflowError } from '../errors.js';
import type { CommandSpec } from './commandSpec.js';
import { commands } from './commands.js';
import { applyConfig, configFile, configNames, readConfig } from './config.js';
import { errorLine, say } from './terminal.js';

/** A broken configuration must not stand in the way of these. */
const asksForWords = new Set(['--help', '-h', '--version', '-V', 'help', 'init']);

/** Runs a command line and resolves to the exit code. Every error becomes one line on stderr. */
export async function runProgram(argv: string[]): Promise<number> {
  let exitCode: number = ExitCode.done;
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const program = new Command('rareflow')
    .description('Makes data that teaches a model to reason over retrieved text, as a stream.')
    .version(version)
    .option('--config <file>', `a configuration file (default: ${configNames[0]} or .json, in the working folder)`)
    .option('--no-config', 'leave the configuration file of the working folder alone')
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error:/, 'rareflow:').replace(/\n(?=.)/g, ' ')),
    })
    .exitOverride();
  const commandOf = new Map<CommandSpec, Command>();
  for (const spec of commands) {
    const command = program.command(`${spec.name} ${spec.args}`).summary(spec.summary).description(`${spec.summary}.`);
    commandOf.set(spec, command);
    for (const option of spec.options) command.addOption(option);
    if (spec.notes) command.addHelpText('after', `\n${spec.notes.join('\n')}`);
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  $ ${line}`).join('\n')}`);
    command.action(async (...given: unknown[]) => {
      const args = given
        .slice(0, command.registeredArguments.length)
        .flat()
        .filter((arg) => arg !== undefined);
      exitCode = await spec.run(args as string[], command.opts());
    });
  }
  try {
    const file = argv.some((arg) => asksForWords.has(arg)) ? undefined : configFile(argv);
    if (file !== undefined) {
      const config = await readConfig(file, commands);
      for (const spec of commands) applyConfig(commandOf.get(spec) as Command, spec, config);
    }
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    say(error instanceof RareflowError ? errorLine(error) : defect(error));
    return error instanceof RareflowError ? error.exitCode : ExitCode.failed;
  }
  return exitCode;
}

/** What no part of rareflow threw on purpose: the place where it happened helps to mend it. */
function defect(error: unknown): string {
  const place = error instanceof Error ? error.stack?.split('\n')[1]?.trim() : undefined;
  return `${errorLine(error)}${place === undefined ? '' : ` (${place})`}`;
}
