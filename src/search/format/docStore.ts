import { type ByteReader, type ByteWriter, keyBytes, keyText } from './bytes.js';
import type { TextPlace } from './externalTexts.js';
import { FrontDecoder, FrontEncoder } from './frontCoding.js';

/** What a segment keeps of its documents besides ids and lengths. */
export interface Kept {
  storesTexts: boolean;
  /** Where the texts stand in the files of the corpus. */
  storesPlaces?: boolean | undefined;
  storesGroups?: boolean | undefined;
}

/** A document as a segment takes and gives it; absent is what it does not have, or the segment does not keep. */
export interface IndexedDocument {
  id: string;
  /** How many terms it has. */
  length: number;
  text?: string | undefined;
  place?: TextPlace | undefined;
  group?: string | undefined;
}

const NO_PLACE: TextPlace = { offset: 0, bytes: 0, checksum: 0 };
const NO_GROUP = new Uint8Array(0);

/** Writes the documents of a block: ids and groups front-coded, places as the gap to the end of the one before. */
export class DocBlockWriter {
  readonly #ids = new FrontEncoder();
  readonly #groups = new FrontEncoder();
  #placeEnd = 0;

  constructor(
    private readonly block: ByteWriter,
    private readonly kept: Kept,
  ) {}

  /** A block begins with where its texts begin. */
  begin(textOffset: number): void {
    this.block.varint(textOffset);
    this.#ids.reset();
    this.#groups.reset();
    this.#placeEnd = 0;
  }

  /** `textSize`: twice the bytes of the stored text, and one more where they are UTF-16. */
  add({ id, place, group }: IndexedDocument, textSize: number): void {
    this.#ids.write(this.block, keyBytes(id));
    if (this.kept.storesTexts) this.block.varint(textSize);
    if (this.kept.storesPlaces) this.#writePlace(place ?? NO_PLACE);
    if (this.kept.storesGroups) this.#groups.write(this.block, group === undefined ? NO_GROUP : keyBytes(group));
  }

  #writePlace({ offset, bytes, checksum }: TextPlace): void {
    this.block.varint(bytes);
    if (bytes === 0) return;
    const gap = offset - this.#placeEnd;
    this.block.varint(gap < 0 ? -2 * gap - 1 : 2 * gap);
    this.block.varint(checksum);
    this.#placeEnd = offset + bytes;
  }
}

/** Walks through what DocBlockWriter wrote. */
export class DocCursor {
  textOffset: number;
  /** Twice the bytes of the text, and one more where they are UTF-16. */
  textSize = 0;
  place: TextPlace | undefined;
  readonly #ids = new FrontDecoder();
  readonly #groups = new FrontDecoder();
  #placeEnd = 0;

  constructor(
    private readonly reader: ByteReader,
    private readonly kept: Kept,
  ) {
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
    const { reader, kept } = this;
    if (reader.done) return false;
    this.textOffset += Math.floor(this.textSize / 2);
    this.#ids.skip(reader);
    if (kept.storesTexts) this.textSize = reader.varint();
    if (kept.storesPlaces) this.place = this.#readPlace();
    if (kept.storesGroups) this.#groups.skip(reader);
    return true;
  }

  #readPlace(): TextPlace | undefined {
    const bytes = this.reader.varint();
    if (bytes === 0) return undefined;
    const gap = this.reader.varint();
    const offset = this.#placeEnd + (gap % 2 === 0 ? gap / 2 : -(gap + 1) / 2);
    this.#placeEnd = offset + bytes;
    return { offset, bytes, checksum: this.reader.varint() };
  }
}
