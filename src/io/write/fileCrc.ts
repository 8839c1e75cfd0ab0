import { createReadStream } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Resolves to the CRC-32 of a file, or of `bytes` of it from `start` on; 0 for none. Throws the system error of a file that cannot be read. */
export async function fileCrc(path: string, bytes = Number.POSITIVE_INFINITY, start = 0): Promise<number> {
  let crc = 0;
  if (bytes === 0) return crc;
  for await (const chunk of createReadStream(path, { start, end: start + bytes - 1, highWaterMark: 2 ** 20 }))
    crc = crc32(chunk, crc);
  return crc;
}
