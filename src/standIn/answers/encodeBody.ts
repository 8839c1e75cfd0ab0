import zlib from 'node:zlib';

/** Content-encodings of an answer: those of RFC 9110, one that no client knows, and a name that does not fit the body. */
export type BodyEncoding = 'gzip' | 'deflate' | 'br' | 'zstd' | 'unknown' | 'wrong';

const encoders: Record<BodyEncoding, { name: string; encode: (body: Buffer) => Buffer }> = {
  gzip: { name: 'gzip', encode: zlib.gzipSync },
  deflate: { name: 'deflate', encode: zlib.deflateSync },
  br: { name: 'br', encode: (body) => zlib.brotliCompressSync(body, fastest) },
  zstd: { name: 'zstd', encode: zstdFrame },
  unknown: { name: 'x-stand-in', encode: (body) => body },
  wrong: { name: 'gzip', encode: (body) => body },
};
const fastest = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };

/** Encodes a body; returns it with the header that names its encoding. */
export function encodeBody(body: string, encoding: BodyEncoding): { bytes: Buffer; headers: Record<string, string> } {
  const { name, encode } = encoders[encoding];
  return { bytes: encode(Buffer.from(body)), headers: { 'content-encoding': name } };
}

/** Returns true if a client on this version of Node can read bodies in an encoding. */
export function isReadable(encoding: BodyEncoding): boolean {
  return encoding === 'zstd' ? 'createZstdDecompress' in zlib : /^(gzip|deflate|br)$/.test(encoding);
}

const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** One segment, whose size takes four bytes. */
const ZSTD_DESCRIPTOR = 0xa0;
const MAX_ZSTD_BLOCK = 2 ** 17;

/** Returns a frame of zstd with uncompressed blocks (RFC 8878, section 3.1.1): Node before 22.15 has no encoder. */
function zstdFrame(body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(body.length);
  const parts: Uint8Array[] = [Buffer.from([...ZSTD_MAGIC, ZSTD_DESCRIPTOR]), size];
  for (let from = 0; from === 0 || from < body.length; from += MAX_ZSTD_BLOCK) {
    const block = body.subarray(from, from + MAX_ZSTD_BLOCK);
    const isLast = from + MAX_ZSTD_BLOCK >= body.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE(Number(isLast) + 8 * block.length, 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}
