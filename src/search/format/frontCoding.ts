import type { ByteReader, ByteWriter } from './bytes.js';

/** Writes keys by the length of the prefix that they share with the key before, and the rest. */
export class FrontEncoder {
  /** The last key, in the first bytes. */
  #last = new Uint8Array(64);
  #length = 0;

  write(out: ByteWriter, key: Uint8Array): void {
    const limit = Math.min(this.#length, key.length);
    let shared = 0;
    while (shared < limit && this.#last[shared] === key[shared]) shared++;
    out.varint(shared);
    out.varint(key.length - shared);
    if (key.length > this.#last.length) this.#last = new Uint8Array(2 * key.length);
    const bytes = out.room(key.length - shared);
    for (let at = shared; at < key.length; at++) bytes[out.length++] = key[at] as number;
    this.#last.set(key);
    this.#length = key.length;
  }

  /** Makes the next key be written in full. */
  reset(): void {
    this.#length = 0;
  }
}

/** Reads what FrontEncoder wrote since its last reset. */
export class FrontDecoder {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** Returns the next key; its bytes are valid until the key after it is read. */
  read(reader: ByteReader): Uint8Array {
    this.skip(reader);
    return this.key;
  }

  /** Moves to the next key. */
  skip(reader: ByteReader): void {
    const shared = reader.varint();
    const suffix = reader.raw(reader.varint());
    this.#length = shared + suffix.length;
    if (this.#length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#length * 2);
    this.#bytes.set(suffix, shared);
  }

  /** The key read last. */
  get key(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
