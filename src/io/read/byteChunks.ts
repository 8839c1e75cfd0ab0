import type { Readable } from 'node:stream';

/**
 * The chunks of a Readable, as bytes, each as soon as it has come; the stream is destroyed afterwards. Where `for await`
 * drops what is still buffered when a stream fails, this gives it first: the records before a damage are good.
 */
export async function* chunksOf(stream: Readable, signal?: AbortSignal): AsyncGenerator<Buffer> {
  let wake = () => {};
  const onEvent = () => wake();
  for (const event of streamEvents) stream.on(event, onEvent);
  signal?.addEventListener('abort', onEvent);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const chunk: unknown = stream.read();
      if (chunk !== null) {
        yield bytesOf(chunk);
        continue;
      }
      if (stream.errored !== null) throw stream.errored;
      if (stream.readableEnded) return;
      if (stream.destroyed) throw new Error('it was closed before its end');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener('abort', onEvent);
    for (const event of streamEvents) stream.off(event, onEvent);
    stream.on('error', () => {});
    stream.destroy();
  }
}

const streamEvents = ['readable', 'end', 'error', 'close'] as const;

function bytesOf(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(`expected a stream of bytes, got one of ${typeof chunk}s`);
}
