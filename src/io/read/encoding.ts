import { StringDecoder } from 'node:string_decoder';
import { binaryFormatOf, MAGIC_BYTES } from '../parse/binaryFormats.js';
import type { Chunk } from './byteChunks.js';
import { peek } from './peek.js';

export interface Utf8 {
  chunks: AsyncIterable<Chunk>;
  /** The binary format of an input that is not text; its chunks are then meaningless. */
  packed: string | undefined;
  /** True if it was UTF-16: the bytes are not those of the input. */
  recoded: boolean;
}

/**
 * Converts text to UTF-8 if its first bytes are UTF-16 (a byte-order mark, or a NUL in each of the first two characters). A byte-order mark
 * stays in the text; other bytes are passed on unchecked.
 */
export async function asUtf8(source: AsyncIterable<Chunk>): Promise<Utf8> {
  const isEnough = (bytes: Buffer) => bytes.length >= MAGIC_BYTES || bytes.includes(0x0a);
  const { start, chunks } = await peek(source, isEnough);
  const packed = binaryFormatOf(start);
  const endian = utf16Endian(start);
  return { packed, recoded: endian !== undefined, chunks: endian === undefined ? chunks : fromUtf16(chunks, endian) };
}

function utf16Endian(start: Buffer): 'little' | 'big' | undefined {
  const [first = 0x20, second = 0x20, third, fourth] = start;
  if (first === 0xff && second === 0xfe) return 'little';
  if (first === 0xfe && second === 0xff) return 'big';
  // A single NUL is damage.
  if (first !== 0 && second === 0 && (fourth ?? 0) === 0) return 'little';
  if (first === 0 && second !== 0 && (third ?? 0) === 0) return 'big';
  return undefined;
}

async function* fromUtf16(chunks: AsyncIterable<Chunk>, endian: 'little' | 'big'): AsyncGenerator<Chunk> {
  const decoder = new StringDecoder('utf16le');
  let oddByte: Buffer = Buffer.alloc(0);
  for await (const { bytes, rawBytes } of chunks) {
    const units = Buffer.concat([oddByte, bytes]);
    const even = units.length & ~1;
    oddByte = units.subarray(even);
    const pairs = units.subarray(0, even);
    yield { bytes: toUtf8(decoder.write(endian === 'big' ? pairs.swap16() : pairs)), rawBytes };
  }
  yield { bytes: Buffer.concat([toUtf8(decoder.end()), oddByte]), rawBytes: 0 };
}

/** UTF-8 cannot hold half of a surrogate pair; a JSON escape can. */
function toUtf8(text: string): Buffer {
  return Buffer.from(text.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`));
}
