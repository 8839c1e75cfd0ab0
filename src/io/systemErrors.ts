import { InputError, OutputError, RareflowError } from '../errors.js';

const inputReasons: Record<string, [what: string, hint: string]> = {
  ENOENT: ['no such file', 'Check the path; - reads standard input.'],
  ENOTDIR: ['no such file', 'A part of the path is a file, not a directory.'],
  EISDIR: ['is a directory', 'Name the files in it.'],
  EACCES: ['no permission to read it', 'Check the permissions of the file and of its directories.'],
  EPERM: ['no permission to read it', 'Check the permissions of the file and of its directories.'],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n).'],
  Z_BUF_ERROR: ['the gzip data end too early', 'The file is cut off: fetch or write it again.'],
  Z_DATA_ERROR: [
    'the gzip data are damaged',
    'Fetch or write the file again; one that is not gzipped needs a name without .gz.',
  ],
};

const outputReasons: Record<string, [what: string, hint: string]> = {
  ENOSPC: ['the disk is full', 'Free some space, or write to another disk.'],
  EDQUOT: ['the disk quota is used up', 'Free some space, or write to another disk.'],
  ENOENT: ['no such directory', 'Make the directory first.'],
  ENOTDIR: ['no such directory', 'A part of the path is a file, not a directory.'],
  EISDIR: ['is a directory', 'Name a file in it.'],
  EACCES: ['no permission to write it', 'Check the permissions of the file and of its directory.'],
  EPERM: ['no permission to write it', 'Check the permissions of the file and of its directory.'],
  EROFS: ['the file system is read-only', 'Write somewhere else.'],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n).'],
};

const closedCodes = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);

/** What reading `path` failed with, in words and with a hint; an error of ours is passed as it is. */
export function inputError(cause: unknown, path: string): RareflowError {
  if (cause instanceof RareflowError) return cause;
  const [what, hint] = inputReasons[codeOf(cause)] ?? [`cannot be read: ${messageOf(cause)}`, undefined];
  return new InputError(what, { path, hint, cause });
}

/** What writing `path` failed with, in words and with a hint; an error of ours is passed as it is. */
export function outputError(cause: unknown, path: string): RareflowError {
  if (cause instanceof RareflowError) return cause;
  const code = codeOf(cause);
  if (closedCodes.has(code)) return new OutputError('its reader has gone', { path, closed: true, cause });
  const [what, hint] = outputReasons[code] ?? [`cannot be written: ${messageOf(cause)}`, undefined];
  return new OutputError(what, { path, hint, cause });
}

/** The `code` of a system error, or an empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
