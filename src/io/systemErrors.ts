import { codeOf, InputError, messageOf, RareflowError } from '../errors.js';

export { codeOf, messageOf, outputError } from '../errors.js';

type Reasons = Record<string, [reason: string, hint: string | undefined]>;

const inputReasons: Reasons = {
  ENOENT: ['no such file', 'check the path; - reads standard input'],
  ENOTDIR: ['no such file', 'A part of the path is a file, not a directory.'],
  EISDIR: ['is a directory', 'name the files in it'],
  EACCES: ['no permission to read it', 'check the permissions of the file and of its directories'],
  EPERM: ['no permission to read it', 'check the permissions of the file and of its directories'],
  ELOOP: ['its symbolic links point to each other', 'name the file itself'],
  ENAMETOOLONG: ['the name is too long', 'use a shorter one'],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n).'],
  Z_BUF_ERROR: ['the gzip data end too early', 'the file is cut off: download or write it again'],
  Z_DATA_ERROR: [
    'the gzip data are damaged',
    'download or write the file again; remove .gz from the name of a file that is not gzipped',
  ],
};

/** Returns the error of reading `path`, with a reason and a hint; a RareflowError is returned as it is. */
export function inputError(cause: unknown, path: string): RareflowError {
  if (cause instanceof RareflowError) return cause;
  const [reason, hint] = inputReasons[codeOf(cause)] ?? [`cannot be read: ${messageOf(cause)}`, undefined];
  return new InputError(reason, { path, hint, cause });
}

/** The error that the system gives for a directory used as a file. */
export function directoryError(path: string): Error {
  return Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
}
