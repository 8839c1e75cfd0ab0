import { type ByteReader, type ByteWriter, sharedPrefix } from './bytes.js';

/** Writes keys that resemble the one before: how many bytes they share with it, then the others. */
export class FrontEncoder {
  #last = new Uint8Array(0);

  write(out: ByteWriter, key: Uint8Array): void {
    const shared = sharedPrefix(this.#last, key);
    out.varint(shared);
    out.varint(key.length - shared);
    out.raw(key.subarray(shared));
    this.#last = Uint8Array.from(key);
  }

  /** The next key is written whole. */
  reset(): void {
    this.#last = new Uint8Array(0);
  }
}

/** Reads what FrontEncoder wrote since its last reset. */
export class FrontDecoder {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** The next key; its bytes are good until the one after it is read. */
  read(reader: ByteReader): Uint8Array {
    this.skip(reader);
    return this.key;
  }

  /** Goes to the next key. */
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
