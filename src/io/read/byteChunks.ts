import type { Readable } from 'node:stream';
import { describe } from '../../util/check.js';

/** A piece of an input. */
export interface Chunk {
  bytes: Buffer;
  /** The number of bytes of the file that it came from: fewer than `bytes` has if the file is compressed. */
  rawBytes: number;
  /** The bytes read before it, over all inputs: their number and checksum. Absent if that is not tracked. */
  start?: { bytes: number; crc: number };
}

const READABLE_EVENTS = ['readable', 'end', 'error', 'close'] as const;

/**
 * Yields the chunks of a Readable as bytes, each as soon as it has come, and destroys the stream afterwards. `for await`
 * would drop what is still buffered when a stream fails; this yields it first: the records before the damage are good.
 */
export async function* byteChunks(stream: Readable, signal?: AbortSignal): AsyncGenerator<Buffer> {
  let wake = () => {};
  const onEvent = () => wake();
  for (const event of READABLE_EVENTS) stream.on(event, onEvent);
  signal?.addEventListener('abort', onEvent);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const chunk: unknown = stream.read();
      if (chunk !== null) {
        yield toBuffer(chunk);
        continue;
      }
      if (stream.errored !== null) throw stream.errored;
      if (stream.readableEnded) return;
      if (stream.destroyed) throw new Error('the stream was closed before its end');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener('abort', onEvent);
    for (const event of READABLE_EVENTS) stream.off(event, onEvent);
    stream.on('error', () => {});
    stream.destroy();
  }
}

function toBuffer(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(`the stream must be one of bytes, got ${describe(chunk)}`);
}
