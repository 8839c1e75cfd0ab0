/** A growing buffer. Integers are written as LEB128 varints: 7 bits a byte, low bits first. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  length = 0;

  /** Writes an integer from 0 to 2^53 − 1. */
  varint(value: number): void {
    if (this.length + 8 > this.#bytes.length) this.#reserve(8);
    let rest = value;
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) this.#bytes[this.length++] = (rest % 128) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.length++] = rest | 0x80;
    this.#bytes[this.length++] = rest;
  }

  /** Returns the buffer with room for `count` more bytes after `length`, for a caller that writes there and advances `length`. */
  room(count: number): Uint8Array {
    this.#reserve(count);
    return this.#bytes;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  clear(): void {
    this.length = 0;
  }

  /** Returns the bytes since the last `clear`; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    grown.set(this.view());
    this.#bytes = grown;
  }
}

/** Reads what ByteWriter wrote. */
export class ByteReader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  varint(): number {
    const first = this.bytes[this.at++] ?? 0;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let unit = 128; ; unit *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  }

  raw(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

const SURROGATE = /[\ud800-\udfff]/;

/**
 * Encodes a term or an id: UTF-8, but each half of a surrogate pair by itself (CESU-8). So lone surrogates survive, and the
 * order of the bytes is the order of `<` on strings.
 */
export function keyBytes(text: string): Uint8Array {
  if (!SURROGATE.test(text)) return Buffer.from(text, 'utf8');
  const parts = Array.from({ length: text.length }, (_, at) => unitBytes(text.charCodeAt(at)));
  return Uint8Array.from(parts.flat());
}

function unitBytes(unit: number): number[] {
  if (unit < 0x80) return [unit];
  if (unit < 0x800) return [0xc0 | (unit >> 6), 0x80 | (unit & 63)];
  return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63)];
}

/** Decodes what `keyBytes` encoded. */
export function keyText(bytes: Uint8Array): string {
  if (!hasSurrogates(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++] as number;
    const rest = () => (bytes[at++] as number) & 63;
    if (first < 0x80) text += String.fromCharCode(first);
    else if (first < 0xe0) text += String.fromCharCode(((first & 31) << 6) | rest());
    else text += String.fromCharCode(((first & 15) << 12) | (rest() << 6) | rest());
  }
  return text;
}

function hasSurrogates(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    if ((bytes[at + 1] as number) >= 0xa0) return true;
  }
  return false;
}
