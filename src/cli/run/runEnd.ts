import { ExitCode, ModelError, UsageError } from '../../errors.js';
import { formatCount, say } from '../progress/terminal.js';

/** Returns true if the same command can succeed once the cause of the error is fixed. */
export function isResumable(error: unknown): boolean {
  return !(error instanceof UsageError) && !(error instanceof ModelError && !error.resumable);
}

/**
 * Returns the command line as it was called, quoted for a shell, without `--resume never`, which would start a new run, and
 * without `--resume rebuild`. A URL with a user, a password or a query is a variable in it, so that no log keeps the secret.
 */
export function commandLine(argv = process.argv.slice(2)): string {
  const isOnce = (word: string | undefined) => word === 'never' || word === 'rebuild';
  const isFlag = (index: number) => argv[index] === '--resume' && isOnce(argv[index + 1]);
  const words = argv.filter(
    (word, index) => !/^--resume=(never|rebuild)$/.test(word) && !isFlag(index) && !isFlag(index - 1),
  );
  let secretUrls = 0;
  const quoted = words.map((word) => {
    const [, flag = '', url = ''] = /^(--[\w-]+=)?(.*)$/s.exec(word) ?? [];
    if (hasSecret(url)) return `${flag}"$BASE_URL${++secretUrls === 1 ? '' : `_${secretUrls}`}"`;
    return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  });
  return `rareflow ${quoted.join(' ')}`;
}

/** Returns a command line without `--sample`. */
export function withoutSample(argv: string[]): string[] {
  return argv.filter((word, index) => !/^--sample(=|$)/.test(word) && argv[index - 1] !== '--sample');
}

function hasSecret(word: string): boolean {
  if (!/^\w+:\/\//.test(word) || !URL.canParse(word)) return false;
  const { username, password, search } = new URL(word);
  return `${username}${password}${search}` !== '';
}

/** Returns the exit code of a finished run: 3 if too many records were rejected, or most of them for one reason. */
export function rejectsExitCode(
  { rejected, rejectedAlike }: { rejected: number; rejectedAlike?: string | undefined },
  maxRejects = Number.POSITIVE_INFINITY,
): number {
  if (rejected > maxRejects) {
    say(`rareflow: ${formatCount(rejected)} rejects, more than --max-rejects ${formatCount(maxRejects)}`);
    return ExitCode.tooManyRejects;
  }
  if (rejectedAlike === undefined) return ExitCode.done;
  say(
    `rareflow: ${rejectedAlike}; fix the cause, then --retry-rejects (or --max-reject-share 1, if it is as it should be)`,
  );
  return ExitCode.tooManyRejects;
}
