import { InputError, OutputError, RareflowError } from '../errors.js';

type Reasons = Record<string, [reason: string, hint: string | undefined]>;

const inputReasons: Reasons = {
  ENOENT: ['no such file', 'check the path; - reads standard input'],
  ENOTDIR: ['no such file', 'A part of the path is a file, not a directory.'],
  EISDIR: ['is a directory', 'name the files in it'],
  EACCES: ['no permission to read it', 'check the permissions of the file and of its directories'],
  EPERM: ['no permission to read it', 'check the permissions of the file and of its directories'],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n).'],
  Z_BUF_ERROR: ['the gzip data end too early', 'the file is cut off: download or write it again'],
  Z_DATA_ERROR: [
    'the gzip data are damaged',
    'download or write the file again; remove .gz from the name of a file that is not gzipped',
  ],
};

const outputReasons: Reasons = {
  ENOSPC: ['the disk is full', 'free some space, or write to another disk'],
  EDQUOT: ['the disk quota is used up', 'free some space, or write to another disk'],
  ENOENT: ['no such directory', 'Create the directory first.'],
  ENOTDIR: ['no such directory', 'A part of the path is a file, not a directory.'],
  EISDIR: ['is a directory', 'name a file in it'],
  EACCES: ['no permission to write it', 'check the permissions of the file and of its directory'],
  EPERM: ['no permission to write it', 'check the permissions of the file and of its directory'],
  EROFS: ['the file system is read-only', 'write to another file system'],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n).'],
};

const closedCodes = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);

/** Returns the error of reading `path`, with a reason and a hint; a RareflowError is returned as it is. */
export function inputError(cause: unknown, path: string): RareflowError {
  if (cause instanceof RareflowError) return cause;
  const [reason, hint] = inputReasons[codeOf(cause)] ?? [`cannot be read: ${messageOf(cause)}`, undefined];
  return new InputError(reason, { path, hint, cause });
}

/** Returns the error of writing `path`, with a reason and a hint; a RareflowError is returned as it is. */
export function outputError(cause: unknown, path: string): RareflowError {
  if (cause instanceof RareflowError) return cause;
  const code = codeOf(cause);
  if (closedCodes.has(code)) return new OutputError('its reader has closed it', { path, closed: true, cause });
  const [reason, hint] = outputReasons[code] ?? [`cannot be written: ${messageOf(cause)}`, undefined];
  return new OutputError(reason, { path, hint, cause });
}

/** Returns the `code` of a system error, or an empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Returns the message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error that the system gives for a directory used as a file. */
export function directoryError(path: string): Error {
  return Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
}
