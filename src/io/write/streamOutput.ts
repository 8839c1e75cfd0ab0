import type { Writable } from 'node:stream';
import { printableJson } from '../../util/printable.js';
import { outputError } from '../systemErrors.js';
import type { Output } from './lineSink.js';

/** Streams with an error listener; without one, a closed pipe would end the process. */
const guarded = new WeakSet<Writable>();

/** Writes to standard output or to a Writable, and does not end it: the caller that opened it does. */
export class StreamOutput implements Output {
  readonly #stream: Writable;
  readonly #name: string;
  readonly #signal: AbortSignal | undefined;

  constructor(stream: Writable, name: string, signal: AbortSignal | undefined) {
    this.#stream = stream;
    this.#name = name;
    this.#signal = signal;
    if (guarded.has(stream)) return;
    guarded.add(stream);
    stream.on('error', () => {});
  }

  /** Writes whole lines of JSON; to a terminal, with every character that it acts on escaped. */
  write(lines: Uint8Array): Promise<void> {
    const stream = this.#stream;
    const isTerminal = 'isTTY' in stream && stream.isTTY === true;
    const bytes = isTerminal ? printableJson(Buffer.from(lines).toString()) : lines;
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => {
        stream.off('close', onClose);
        signal?.removeEventListener('abort', onAbort);
        if (error) reject(outputError(error, this.#name));
        else resolve();
      };
      const onClose = () => settle(stream.errored ?? Object.assign(new Error('closed'), { code: 'EPIPE' }));
      // The stream has the bytes; a reader that has stopped reading must not delay the end of the run.
      const onAbort = () => settle();
      stream.once('close', onClose);
      signal?.addEventListener('abort', onAbort);
      stream.write(bytes, settle);
      if (signal?.aborted) onAbort();
    });
  }

  async commit(): Promise<void> {}

  async abandon(): Promise<void> {}
}
