import { fstatSync } from 'node:fs';
import { ExitCode, RareflowError } from '../../errors.js';
import { say } from '../progress/terminal.js';

/** The user stopped the command. */
export class InterruptedError extends RareflowError {
  override readonly exitCode = ExitCode.interrupted;
}

/** How long a pipe may still send after an interrupt: what the process before has in flight comes through it. */
const pipeGraceMs = 10_000;

export interface Interrupt extends Disposable {
  /** Aborted with InterruptedError. */
  signal: AbortSignal;
}

interface InterruptOptions {
  readsStdin: boolean;
  /** What is said at the first interrupt. */
  lastWords?: string | undefined;
}

/**
 * Ends the input at the first SIGINT or SIGTERM, so that what is in flight is finished and written; a second one leaves at
 * once. A pipe is read on until it ends, for 10 s at most, since Ctrl-C stops every process of a pipeline and the process
 * before still has answers to give; `endsWith` tells such an end from that of a complete input.
 */
export function endOnInterrupt({ readsStdin, lastWords = 'finishing what is in flight' }: InterruptOptions) {
  const mayWait = readsStdin && isPipe();
  let interrupted: { error: InterruptedError; stop: () => void } | undefined;
  const interrupt = listen((error, stop) => {
    say(`rareflow: ${lastWords}; interrupt again to leave at once`);
    interrupted = { error, stop };
    if (mayWait) setTimeout(stop, pipeGraceMs).unref();
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

/** Aborts at the first SIGINT or SIGTERM, where nothing is worth finishing. */
export function abortOnInterrupt(): Interrupt {
  return listen((_, stop) => stop());
}

function listen(onFirst: (error: InterruptedError, stop: () => void) => void): Interrupt {
  const stop = new AbortController();
  let happened = false;
  const listener = () => {
    if (happened) process.exit(ExitCode.interrupted);
    happened = true;
    const error = new InterruptedError('interrupted');
    onFirst(error, () => stop.abort(error));
  };
  process.on('SIGINT', listener).on('SIGTERM', listener);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', listener).off('SIGTERM', listener);
    },
  };
}

function isPipe(): boolean {
  const stdin = fstatSync(0);
  return stdin.isFIFO() || stdin.isSocket();
}
