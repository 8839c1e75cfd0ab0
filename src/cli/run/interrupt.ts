import { fstatSync } from 'node:fs';
import { ExitCode, RareflowError } from '../../errors.js';
import { say } from '../progress/terminal.js';

/** The user stopped the command. */
export class InterruptedError extends RareflowError {
  override readonly exitCode = ExitCode.interrupted;
}

/** SIGHUP is a terminal that was closed. Node does not ignore it under nohup. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The time that a pipe is read after an interrupt, so that the process before can send what it has in flight. */
const PIPE_GRACE_MS = 10_000;

export interface Interrupt extends Disposable {
  /** Aborted with InterruptedError. */
  signal: AbortSignal;
}

interface InterruptOptions {
  readsStdin: boolean;
  /** The message at the first interrupt. */
  message?: string | undefined;
}

/**
 * Ends the input at the first SIGINT, SIGTERM or SIGHUP, so that what is in flight is finished and written; a second one exits at
 * once. A pipe is read to its end, for at most 10 s, because Ctrl-C stops every process of a pipeline and the process before
 * may still have answers to send; `endsWith` wraps the input so that such an end counts as an interrupt.
 */
export function endOnInterrupt({ readsStdin, message = 'finishing the requests in flight' }: InterruptOptions) {
  const mayWait = readsStdin && isPipe();
  let interrupted: { error: InterruptedError; stop: () => void } | undefined;
  const interrupt = onInterrupt((error, stop) => {
    say(`rareflow: ${message}; interrupt again to quit now`);
    interrupted = { error, stop };
    if (mayWait) setTimeout(stop, PIPE_GRACE_MS).unref();
    else stop();
  });
  async function* checked<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    yield* source;
    if (interrupted === undefined) return;
    interrupted.stop();
    throw interrupted.error;
  }
  return { ...interrupt, endsWith: <T>(source: AsyncIterable<T>) => (mayWait ? checked(source) : source) };
}

/** Aborts at the first of these signals, without finishing anything. */
export function abortOnInterrupt(): Interrupt {
  return onInterrupt((_, stop) => stop());
}

function onInterrupt(onFirst: (error: InterruptedError, stop: () => void) => void): Interrupt {
  const stop = new AbortController();
  let happened = false;
  const listener = () => {
    if (happened) process.exit(ExitCode.interrupted);
    happened = true;
    const error = new InterruptedError('interrupted');
    onFirst(error, () => stop.abort(error));
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, listener);
    },
  };
}

function isPipe(): boolean {
  const stdin = fstatSync(0);
  return stdin.isFIFO() || stdin.isSocket();
}
