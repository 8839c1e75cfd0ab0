import { crc32 } from 'node:zlib';

/** A line feed and the checksum in hexadecimal. JSON text holds no bare line feed, so it separates the two. */
const CHECKSUM = /\n([0-9a-f]{8})$/;

/** Returns a value as JSON, followed by the CRC-32 of its key and text. */
export function encodeValue(key: string | number, value: unknown): Buffer {
  const json = JSON.stringify(value);
  return Buffer.from(`${json}\n${valueChecksum(key, json)}`);
}

/**
 * Reads what `encodeValue` wrote, or the bare JSON of rareflow 0.1.
 *
 * @throws Error for bytes that were changed or belong to another key
 */
export function decodeValue(key: string | number, bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const found = CHECKSUM.exec(text);
  const json = found === null ? text : text.slice(0, found.index);
  if (found !== null && found[1] !== valueChecksum(key, json)) {
    throw new Error(`the value of ${JSON.stringify(key)} has a wrong checksum`);
  }
  return JSON.parse(json);
}

function valueChecksum(key: string | number, json: string): string {
  return crc32(json, crc32(JSON.stringify(key)))
    .toString(16)
    .padStart(8, '0');
}
