import { ExitCode, ModelError, UsageError } from '../errors.js';
import { formatCount, say } from './terminal.js';

/** Whether the same command can do better once its surroundings are mended. */
export function canGoOn(error: unknown): boolean {
  return !(error instanceof UsageError) && !(error instanceof ModelError && !error.resumable);
}

/** The command as it was called, for a shell. `--resume never` would not go on. */
export function commandLine(): string {
  const words = process.argv.slice(2).filter((word, place, all) => {
    return word !== '--resume=never' && !(word === 'never' && all[place - 1] === '--resume') && word !== '--resume';
  });
  const quoted = words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return `rareflow ${quoted.join(' ')}`;
}

/** Too many rejects make a run that is done a failure of its own. */
export function rejectsExitCode(rejected: number, maxRejects = Number.POSITIVE_INFINITY): number {
  if (rejected <= maxRejects) return ExitCode.done;
  say(`rareflow: ${formatCount(rejected)} rejects are over --max-rejects ${formatCount(maxRejects)}`);
  return ExitCode.tooManyRejects;
}
