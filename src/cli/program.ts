import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { ExitCode, RareflowError } from '../errors.js';
import { inputError } from '../io/systemErrors.js';
import type { CommandSpec } from './command.js';
import { commands } from './commands.js';
import { fromDataFlow } from './dataflowFlags.js';
import { type Config, configFile, configNames, configValues, type FoundConfig, readConfig } from './options/config.js';
import { refuseRedirectedKey } from './options/configKeys.js';
import { flagsOf, withFlagDefaults } from './options/flags.js';
import { HelpfulCommand } from './options/help.js';
import { errorLine, oneLine, say, speakJson } from './progress/terminal.js';

export { ExitCode };

/** A broken configuration must not prevent these. */
const needNoConfig = new Set(['--help', '-h', '--version', '-V', 'help', 'init']);

/** Runs a command line and resolves to the exit code. Every error becomes one line on stderr. */
export async function runProgram(argv: string[]): Promise<number> {
  let exitCode: number = ExitCode.done;
  let config: Config = {};
  const found = argv.some((arg) => needNoConfig.has(arg)) ? undefined : configFile(argv);
  if (argv.includes('--json-progress')) speakJson();
  const program = programOf(async (spec, args, given) => {
    const configured = configValues(spec, config);
    if (configured.jsonProgress && given.jsonProgress === undefined) speakJson();
    if (found !== undefined) say(configNotice(found));
    const flags = withFlagDefaults(spec.name, spec.options, { ...configured, ...given });
    if (found?.isRead) refuseRedirectedKey(found.file, configured, given);
    exitCode = await spec.run(args, await flagsInPlace(spec, flags));
  });
  try {
    if (found?.isRead) config = await readConfig(found.file, commands);
    const { argv: translated, remarks } = fromDataFlow(argv);
    for (const remark of remarks) say(`rareflow: ${remark}`);
    await program.parseAsync(translated, { from: 'user' });
  } catch (thrown) {
    const error = withReason(firstError(thrown));
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    say(error instanceof RareflowError ? errorLine(error) : defect(error));
    return error instanceof RareflowError ? error.exitCode : ExitCode.failed;
  }
  return exitCode;
}

/** Returns the flags of a command that makes records, for the shard that it is and the disks that it may use. */
async function flagsInPlace(spec: CommandSpec, flags: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { shard, shards, output, index } = flags;
  if (spec.options.shard === undefined || (shard ?? shards ?? output ?? index) === undefined) return flags;
  const { placedFlags } = await import('./options/shards/placedFlags.js');
  return placedFlags(spec.options, flags, process.env);
}

function configNotice({ file, isRead }: FoundConfig): string {
  if (isRead) return `rareflow: options from ${file}`;
  return `rareflow: ${file} was not read, as this folder may be a stranger's: --config ${file} reads it, --no-config hides this line`;
}

/**
 * The table of commands as commander parses it. `run` receives the command of a command line, and the values of its flags. With
 * `words`, those of a command line, only the commands that they name have their flags: making them all takes longer than the rest.
 */
export function programOf(
  run: (spec: CommandSpec, args: string[], given: Record<string, unknown>) => Promise<void>,
  words?: ReadonlySet<string>,
): HelpfulCommand {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const program = new HelpfulCommand('rareflow')
    .description('Makes data that teaches a model to reason over retrieved text, as a stream.')
    .version(version, '-V, --version', 'print the version')
    .option(
      '--config <file>',
      `the file to take options from (default: RAREFLOW_CONFIG, or ${configNames[0]} or .json in a project that depends on rareflow or was made by init)`,
    )
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
  for (const spec of commands) addCommand(program, spec, run, words?.has(spec.name) ?? true);
  return program;
}

function addCommand(
  program: HelpfulCommand,
  spec: CommandSpec,
  run: Parameters<typeof programOf>[0],
  hasFlags: boolean,
): void {
  const command = program.command(spec.name).summary(spec.summary).description(`${spec.summary}.`);
  command.helpGroup(`${spec.group}:`);
  command.examples = spec.examples;
  for (const [name, about] of Object.entries(spec.args)) command.argument(name, about);
  for (const flag of hasFlags ? flagsOf(spec.options) : []) {
    const { group } = flag.declared;
    command.addOption(group === undefined ? flag : flag.helpGroup(`${group}:`));
  }
  if (spec.notes) command.addHelpText('after', `\n${spec.notes.join('\n')}`);
  command.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, command.registeredArguments.length)
      .flat()
      .filter((arg) => arg !== undefined);
    const values = Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli');
    await run(spec, args as string[], Object.fromEntries(values));
  });
}

/** Returns the error that came first, if disposing of a resource then threw another one. */
function firstError(thrown: unknown): unknown {
  let error = thrown;
  while (error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error) error = error.suppressed;
  return error;
}

/** Gives a system error about a path its reason and a hint: links in a circle, a name that is too long. */
function withReason(error: unknown): unknown {
  const { syscall, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return syscall === undefined || path === undefined ? error : inputError(error, path);
}

/** A line for an error that rareflow did not throw on purpose: it says where it happened. */
function defect(error: unknown): string {
  const frame = error instanceof Error ? error.stack?.split('\n')[1]?.trim() : undefined;
  return `${errorLine(error)}${frame === undefined ? '' : ` (${frame})`}`;
}
