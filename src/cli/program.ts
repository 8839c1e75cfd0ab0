import { readFileSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { ExitCode, RareflowError } from '../errors.js';
import type { CommandSpec } from './command.js';
import { commands } from './commands.js';
import { applyConfig, configFile, configNames, readConfig } from './options/config.js';
import { HelpfulCommand } from './options/help.js';
import { errorLine, oneLine, say, speakJson } from './progress/terminal.js';

/** A broken configuration must not stand in the way of these. */
const asksForWords = new Set(['--help', '-h', '--version', '-V', 'help', 'init']);

/** Runs a command line and resolves to the exit code. Every error becomes one line on stderr. */
export async function runProgram(argv: string[]): Promise<number> {
  let exitCode: number = ExitCode.done;
  if (argv.includes('--json-progress')) speakJson();
  const program = programOf(async (spec, args, flags: { jsonProgress?: boolean }) => {
    if (flags.jsonProgress) speakJson(); // a configuration file may ask for it too
    exitCode = await spec.run(args, flags);
  });
  try {
    const file = argv.some((arg) => asksForWords.has(arg)) ? undefined : configFile(argv);
    if (file !== undefined) {
      const config = await readConfig(file, commands);
      for (const [place, spec] of commands.entries()) applyConfig(program.commands[place] as Command, spec, config);
    }
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    say(error instanceof RareflowError ? errorLine(error) : defect(error));
    return error instanceof RareflowError ? error.exitCode : ExitCode.failed;
  }
  return exitCode;
}

/** The table of commands as commander parses it; the command of a command line is handed to `run` with what it was given. */
export function programOf(run: (spec: CommandSpec, args: string[], flags: object) => Promise<void>): HelpfulCommand {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const program = new HelpfulCommand('rareflow')
    .description('Makes data that teaches a model to reason over retrieved text, as a stream.')
    .version(version, '-V, --version', 'print the version')
    .option('--config <file>', `the file to take options from (default: ${configNames[0]} or .json)`)
    .option('--no-config', 'take options from no file')
    .helpOption('-h, --help', 'print this help')
    .commandsGroup('Set up and rehearse:')
    .helpCommand('help [command]', 'Print the help of a command')
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text) => say(oneLine(text.trim()).replace(/^error:/, 'rareflow:')),
    })
    .exitOverride();
  program.examples = [
    'rareflow doctor --model gpt-4o-mini',
    'rareflow run corpus.jsonl -o out.jsonl --model gpt-4o-mini',
    'rareflow report out.jsonl',
    'rareflow help run',
  ];
  for (const spec of commands) {
    const command = program.command(spec.name).summary(spec.summary).description(`${spec.summary}.`);
    command.helpGroup(`${spec.group}:`);
    command.examples = spec.examples;
    for (const [name, about] of Object.entries(spec.args)) command.argument(name, about);
    for (const option of spec.options) command.addOption(option);
    if (spec.notes) command.addHelpText('after', `\n${spec.notes.join('\n')}`);
    command.action(async (...given: unknown[]) => {
      const args = given
        .slice(0, command.registeredArguments.length)
        .flat()
        .filter((arg) => arg !== undefined);
      await run(spec, args as string[], command.opts());
    });
  }
  return program;
}

/** What no part of rareflow threw on purpose: the place where it happened helps to mend it. */
function defect(error: unknown): string {
  const place = error instanceof Error ? error.stack?.split('\n')[1]?.trim() : undefined;
  return `${errorLine(error)}${place === undefined ? '' : ` (${place})`}`;
}
