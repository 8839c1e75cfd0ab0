import { type ByteReader, type ByteWriter, keyBytes, keyText } from './bytes.js';
import type { TextLocation } from './externalTexts.js';
import { FrontDecoder, FrontEncoder } from './frontCoding.js';

/** The parts of a document that a segment keeps in addition to its id and length. */
export interface StoredFields {
  storesTexts: boolean;
  /** Keep the location of each text in the files of the corpus. */
  storesPlaces?: boolean | undefined;
  storesGroups?: boolean | undefined;
}

/** A document as a segment writes and reads it; parts that it lacks, or that the segment does not keep, are absent. */
export interface IndexedDocument {
  id: string;
  /** The number of terms, each occurrence counted. */
  length: number;
  text?: string | undefined;
  place?: TextLocation | undefined;
  group?: string | undefined;
}

const NO_PLACE: TextLocation = { offset: 0, bytes: 0, checksum: 0 };
const NO_GROUP = new Uint8Array(0);

/** Writes the documents of a block: ids and groups front-coded, locations as the gap to the end of the one before. */
export class DocStoreWriter {
  readonly #ids = new FrontEncoder();
  readonly #groups = new FrontEncoder();
  #placeEnd = 0;

  readonly #block: ByteWriter;
  readonly #stored: StoredFields;

  constructor(block: ByteWriter, stored: StoredFields) {
    this.#block = block;
    this.#stored = stored;
  }

  /** Starts a block with the offset of its texts. */
  begin(textOffset: number): void {
    this.#block.varint(textOffset);
    this.#ids.reset();
    this.#groups.reset();
    this.#placeEnd = 0;
  }

  /** Adds a document. `textSize` is twice the bytes of the stored text, plus one if they are UTF-16. */
  add({ id, place, group }: IndexedDocument, textSize: number): void {
    this.#ids.write(this.#block, keyBytes(id));
    if (this.#stored.storesTexts) this.#block.varint(textSize);
    if (this.#stored.storesPlaces) this.#writePlace(place ?? NO_PLACE);
    if (this.#stored.storesGroups) this.#groups.write(this.#block, group === undefined ? NO_GROUP : keyBytes(group));
  }

  #writePlace({ offset, bytes, checksum }: TextLocation): void {
    this.#block.varint(bytes);
    if (bytes === 0) return;
    const gap = offset - this.#placeEnd;
    this.#block.varint(gap < 0 ? -2 * gap - 1 : 2 * gap);
    this.#block.varint(checksum);
    this.#placeEnd = offset + bytes;
  }
}

/** Iterates over what DocStoreWriter wrote. */
export class DocStoreCursor {
  textOffset: number;
  /** Twice the bytes of the text, plus one if they are UTF-16. */
  textSize = 0;
  place: TextLocation | undefined;
  readonly #ids = new FrontDecoder();
  readonly #groups = new FrontDecoder();
  #placeEnd = 0;

  readonly #reader: ByteReader;
  readonly #stored: StoredFields;

  constructor(reader: ByteReader, stored: StoredFields) {
    this.#reader = reader;
    this.#stored = stored;
    this.textOffset = reader.varint();
  }

  get id(): string {
    return keyText(this.#ids.key);
  }

  get group(): string | undefined {
    const { key } = this.#groups;
    return key.length === 0 ? undefined : keyText(key);
  }

  next(): boolean {
    const reader = this.#reader;
    const stored = this.#stored;
    if (reader.done) return false;
    this.textOffset += Math.floor(this.textSize / 2);
    this.#ids.skip(reader);
    if (stored.storesTexts) this.textSize = reader.varint();
    if (stored.storesPlaces) this.place = this.#readPlace();
    if (stored.storesGroups) this.#groups.skip(reader);
    return true;
  }

  #readPlace(): TextLocation | undefined {
    const bytes = this.#reader.varint();
    if (bytes === 0) return undefined;
    const gap = this.#reader.varint();
    const offset = this.#placeEnd + (gap % 2 === 0 ? gap / 2 : -(gap + 1) / 2);
    this.#placeEnd = offset + bytes;
    return { offset, bytes, checksum: this.#reader.varint() };
  }
}
