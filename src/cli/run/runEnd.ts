import { ExitCode, ModelError, UsageError } from '../../errors.js';
import { formatCount, say } from '../progress/terminal.js';

/** Whether the same command can do better once its surroundings are mended. */
export function canGoOn(error: unknown): boolean {
  return !(error instanceof UsageError) && !(error instanceof ModelError && !error.resumable);
}

/** The command as it was called, for a shell. `--resume never` would not go on. */
export function commandLine(argv = process.argv.slice(2)): string {
  const isNever = (place: number) => argv[place] === '--resume' && argv[place + 1] === 'never';
  const words = argv.filter((word, place) => word !== '--resume=never' && !isNever(place) && !isNever(place - 1));
  const quoted = words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return `rareflow ${quoted.join(' ')}`;
}

/** Too many rejects make a run that is done a failure of its own. */
export function rejectsExitCode(rejected: number, maxRejects = Number.POSITIVE_INFINITY): number {
  if (rejected <= maxRejects) return ExitCode.done;
  say(`rareflow: ${formatCount(rejected)} rejects are over --max-rejects ${formatCount(maxRejects)}`);
  return ExitCode.tooManyRejects;
}
