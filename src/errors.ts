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
