import type { Writable } from 'node:stream';
import { outputError } from '../systemErrors.js';
import type { Output } from './lineSink.js';

/** Streams that have our error listener; without one, a closed pipe would end the process. */
const guarded = new WeakSet<Writable>();

/** Writes to standard output or to a Writable; who opened it ends it. */
export class StreamOutput implements Output {
  constructor(
    private readonly stream: Writable,
    private readonly name: string,
    private readonly signal: AbortSignal | undefined,
  ) {
    if (guarded.has(stream)) return;
    guarded.add(stream);
    stream.on('error', () => {});
  }

  write(bytes: Buffer): Promise<void> {
    const { stream, signal } = this;
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => {
        stream.off('close', onClose);
        signal?.removeEventListener('abort', onAbort);
        if (error) reject(outputError(error, this.name));
        else resolve();
      };
      const onClose = () => settle(stream.errored ?? Object.assign(new Error('closed'), { code: 'EPIPE' }));
      // The bytes are in the stream's hands; a reader that has stopped reading must not hold up the end of the run.
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
