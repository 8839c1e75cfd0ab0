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
      failure = new InputError(reason, { path, cause, hint: 'Download or write the file again.' });
    }
    yield { bytes: Buffer.concat(ready), rawBytes: packed.length };
    ready = [];
    if (failure !== undefined) throw failure;
  }

  for await (const packed of source) yield* push(packed, false);
  yield* push(new Uint8Array(0), true);
}
