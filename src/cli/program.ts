import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ExitCode, RareflowError } from '../errors.js';
import { commands } from './commands.js';
import { errorLine, say } from './terminal.js';

/** Runs a command line and resolves to the exit code. Every error becomes one line on stderr. */
export async function runProgram(argv: string[]): Promise<number> {
  let exitCode: number = ExitCode.done;
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const program = new Command('rareflow')
    .description('Makes data that teaches a model to reason over retrieved text, as a stream.')
    .version(version)
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error:/, 'rareflow:').replace(/\n(?=.)/g, ' ')),
    })
    .exitOverride();
  for (const spec of commands) {
    const command = program.command(`${spec.name} ${spec.args}`).summary(spec.summary).description(`${spec.summary}.`);
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
