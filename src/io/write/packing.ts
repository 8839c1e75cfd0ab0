import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

type Bytes = AsyncIterable<Uint8Array>;

/** Compresses a stream of bytes as gzip or as one frame of Zstandard, which Node itself writes only from 22.15. */
export function compressed(source: Bytes, packing: 'gz' | 'zst'): Bytes {
  return packing === 'gz' ? gzipped(source) : zstandard(source);
}

async function* gzipped(source: Bytes): Bytes {
  yield* pipeline(Readable.from(source, { objectMode: false }), createGzip(), () => {});
}

/** The package compresses one stream at a time in a process: the next one waits for this promise. */
let lastZstandard: Promise<void> = Promise.resolve();

async function* zstandard(source: Bytes): Bytes {
  const { Zstd } = await import('@hpcc-js/wasm-zstd');
  const zstd = await Zstd.load();
  const before = lastZstandard;
  let end = () => {};
  lastZstandard = new Promise((resolve) => {
    end = resolve;
  });
  try {
    await before;
    zstd.reset();
    for await (const bytes of source) yield zstd.compressChunk(bytes);
    yield zstd.compressEnd();
  } finally {
    end();
  }
}
