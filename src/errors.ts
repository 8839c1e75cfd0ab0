/** The exit codes of the command. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  tooManyRejects: 3,
  stoppedResumable: 4,
  interrupted: 130,
} as const;

export interface RareflowErrorOptions {
  /** A fix, as a sentence that the user can act on. */
  hint?: string | undefined;
  cause?: unknown;
}

/** An error that says what happened, where, and how to fix it. Everything that rareflow throws on purpose is one of these. */
export class RareflowError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number = ExitCode.failed;

  constructor(message: string, { hint, cause }: RareflowErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.hint = hint;
  }
}

/** The call itself is wrong: an unknown option, a value out of range, a missing argument. */
export class UsageError extends RareflowError {
  override readonly exitCode = ExitCode.usage;
}

export interface InputErrorOptions extends RareflowErrorOptions {
  path?: string | undefined;
  /** Line number, from 1. */
  line?: number | undefined;
}

/** The input cannot be used: no such file, a bad line if bad lines stop the run, records without the required keys. */
export class InputError extends RareflowError {
  readonly path: string | undefined;
  readonly line: number | undefined;

  constructor(message: string, { path, line, ...rest }: InputErrorOptions = {}) {
    super(path === undefined ? message : `${path}${line === undefined ? '' : `:${line}`}: ${message}`, rest);
    this.path = path;
    this.line = line;
  }
}

export interface OutputErrorOptions extends RareflowErrorOptions {
  path?: string | undefined;
  /** The reader of the output has closed it (EPIPE): nobody is left to read a message, so a command ends quietly. */
  closed?: boolean;
}

/** The output cannot be written: a full disk, no permission, a closed pipe. */
export class OutputError extends RareflowError {
  readonly path: string | undefined;
  readonly closed: boolean;

  constructor(message: string, { path, closed = false, ...rest }: OutputErrorOptions = {}) {
    super(path === undefined ? message : `${path}: ${message}`, rest);
    this.path = path;
    this.closed = closed;
  }
}

/** The index cannot be used: it is missing, damaged, of another format, or built from other texts. */
export class IndexError extends RareflowError {}

/** A store (an answer cache, a checkpoint) cannot be used: it is missing, damaged, or of another kind or version. */
export class StoreError extends RareflowError {}

export interface ModelErrorOptions extends RareflowErrorOptions {
  /** HTTP status, if there was one. */
  status?: number | undefined;
  /** False if running again can only end the same way. Default true. */
  resumable?: boolean | undefined;
}

/**
 * The model cannot be used at all (a refused key, no quota, no such model): the run stops. Once the cause is fixed it can be
 * resumed, unless `resumable` is false.
 */
export class ModelError extends RareflowError {
  override readonly exitCode: number;
  readonly status: number | undefined;
  readonly resumable: boolean;

  constructor(message: string, { status, resumable = true, ...rest }: ModelErrorOptions = {}) {
    super(message, rest);
    this.exitCode = resumable ? ExitCode.stoppedResumable : ExitCode.failed;
    this.status = status;
    this.resumable = resumable;
  }
}

export interface RejectErrorOptions extends RareflowErrorOptions {
  /** The number of attempts made. */
  attempts?: number | undefined;
  /** The last answer that could not be used, unchanged. */
  answer?: string | undefined;
}

/** This one record cannot be processed: it goes to the rejects with this message as its reason, and the stream continues. */
export class RejectError extends RareflowError {
  readonly attempts: number | undefined;
  readonly answer: string | undefined;

  constructor(message: string, { attempts, answer, ...rest }: RejectErrorOptions = {}) {
    super(message, rest);
    this.attempts = attempts;
    this.answer = answer;
  }
}

/** The reasons of system errors of writing, with hints, by their codes. */
const outputReasons: Record<string, [reason: string, hint: string | undefined]> = {
  ENOSPC: ['the disk is full', 'free some space, or write to another disk'],
  EDQUOT: ['the disk quota is used up', 'free some space, or write to another disk'],
  EFBIG: ['the file may not grow any more', 'raise the limit (ulimit -f), or write to another file system'],
  EIO: ['the disk failed to write it', 'check the disk; a full disk can cause this too'],
  ENOENT: ['no such directory', 'Create the directory first.'],
  ENOTDIR: ['no such directory', 'A part of the path is a file, not a directory.'],
  EISDIR: ['is a directory', 'name a file in it'],
  EACCES: ['no permission to write it', 'check the permissions of the file and of its directory'],
  EPERM: ['no permission to write it', 'check the permissions of the file and of its directory'],
  EROFS: ['the file system is read-only', 'write to another file system'],
  ELOOP: ['its symbolic links point to each other', 'name the file itself'],
  ENAMETOOLONG: ['the name is too long', 'use a shorter one'],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n).'],
};

const closedCodes = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);

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
