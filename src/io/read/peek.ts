import type { Chunk } from './byteChunks.js';

/** Reads the start of the chunks, until `enough` accepts it or they end; the chunks returned are all of them. */
export async function peek(
  source: AsyncIterable<Chunk>,
  enough: (start: Buffer) => boolean,
): Promise<{ start: Buffer; chunks: AsyncIterable<Chunk> }> {
  const iterator = source[Symbol.asyncIterator]();
  const seen: Chunk[] = [];
  let start: Buffer = Buffer.alloc(0);
  while (!enough(start)) {
    const { done, value } = await iterator.next();
    if (done) break;
    seen.push(value);
    start = start.length === 0 ? value.bytes : Buffer.concat([start, value.bytes]);
  }
  async function* chunks(): AsyncGenerator<Chunk> {
    yield* seen.splice(0);
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start, chunks: chunks() };
}
