import { Decompress } from 'fzstd';
import { InputError } from '../../errors.js';
import type { Chunk } from './byteChunks.js';

/**
 * Decompresses Zstandard chunk by chunk, including several frames one after another. Node's zlib supports it only from 22.15.
 *
 * @throws InputError if the data are damaged or cut off, after what came before the damage
 */
export async function* unzstd(source: AsyncIterable<Buffer>, path: string): AsyncGenerator<Chunk> {
  let ready: Uint8Array[] = [];
  const frames = new Decompress((bytes) => ready.push(bytes));

  function* push(packed: Uint8Array, isLast: boolean): Generator<Chunk> {
    let failure: InputError | undefined;
    try {
      frames.push(packed, isLast);
    } catch (cause) {
      const reason = isLast ? 'the zstd data end too early' : 'the zstd data are damaged';
      failure = new InputError(reason, { path, cause, hint: 'download or write the file again' });
    }
    yield { bytes: Buffer.concat(ready), rawBytes: packed.length };
    ready = [];
    if (failure !== undefined) throw failure;
  }

  let isFirst = true;
  for await (const packed of source) {
    const window = isFirst ? windowBytes(packed) : 0;
    isFirst = false;
    if (window > MAX_WINDOW_BYTES) {
      throw new InputError(
        `its zstd window takes ${Math.ceil(window / 2 ** 20)} MiB, and at most 128 MiB are read here`,
        {
          path,
          hint: `decompress it with the command: zstd -dc --long=31 ${path} | rareflow … -`,
        },
      );
    }
    yield* push(packed, false);
  }
  yield* push(new Uint8Array(0), true);
}

/** The window that zstd itself takes unless it is asked for more. */
const MAX_WINDOW_BYTES = 2 ** 27;

/** Returns the size of the window of a frame, which is held in memory; 0 if its header is not there. RFC 8878, 3.1.1.1. */
export function windowBytes(frame: Uint8Array): number {
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.length < 18 || view.readUInt32LE(0) !== 0xfd2fb528) return 0;
  const descriptor = view[4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const exponent = (view[5] as number) >> 3;
    const base = 2 ** (10 + exponent);
    return base + (base / 8) * ((view[5] as number) & 7);
  }
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  const sizeFlag = descriptor >> 6;
  if (sizeFlag === 3) return Number(view.readBigUInt64LE(at));
  if (sizeFlag === 2) return view.readUInt32LE(at);
  return sizeFlag === 1 ? view.readUInt16LE(at) + 256 : (view[at] as number);
}
