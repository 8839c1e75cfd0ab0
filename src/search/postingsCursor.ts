import { MAX_IMPACT_TF } from './bm25.js';
import { CHUNK_BYTES } from './dataFile.js';
import { FOLLOWS, LONG_GAP, LONG_WIDE_GAP } from './postings.js';
import { END, type TermList } from './termList.js';

const NONE: Uint8Array = new Uint8Array(0);

/** Walks forward through the postings of a list, and reads only the blocks that it must. */
export class PostingsCursor {
  /** The document that it stands on: −1 before the first, END after the last. */
  doc = -1;
  tf = 0;
  /** The block that it stands in or will read next. */
  #block = 0;
  /** Where the next posting is in `#bytes`; `#end` too where the block is read to its end, or not yet begun. */
  #at = 0;
  #end = 0;
  #bytes = NONE;
  #isLoaded = false;
  /** Which chunk `#bytes` is; −1 where it is none. */
  #chunk = -1;

  constructor(readonly list: TermList) {}

  /** What a document behind the one it stands on can have as impact at most. Reads nothing. */
  maxImpactAt(docId: number): number {
    this.#skipTo(docId);
    return (this.list.maxImpacts[this.#block] as number | undefined) ?? 0;
  }

  next(): void {
    if (this.#isLoaded && this.#at === this.#end) this.#leave(this.#block + 1);
    if (!this.#isLoaded && !this.#load()) {
      this.doc = END;
      return;
    }
    this.#read();
  }

  /** Goes to the first document from `docId` on. */
  seek(docId: number): void {
    if (this.doc >= docId) return;
    this.#skipTo(docId);
    if (!this.#isLoaded && !this.#load()) {
      this.doc = END;
      return;
    }
    while (this.doc < docId) this.next();
  }

  /** Adds factor · impact to the bound of every document before `end`, and stops behind them. */
  addTo(
    bounds: Int32Array,
    end: number,
    factor: number,
    { impacts, levels }: { impacts: Uint16Array; levels: Uint8Array },
  ): void {
    const { isWide } = this.list;
    const longGap = isWide ? LONG_WIDE_GAP : LONG_GAP;
    const mask = bounds.length - 1;
    if (this.doc < 0) this.next();
    let { doc, tf } = this;
    let bytes = this.#bytes;
    let at = this.#at;
    let blockEnd = this.#end;
    while (doc < end) {
      const row = tf < MAX_IMPACT_TF ? tf : MAX_IMPACT_TF;
      const local = doc & mask;
      bounds[local] =
        (bounds[local] as number) + Math.imul(factor, impacts[(row << 8) | (levels[doc] as number)] as number);
      if (at === blockEnd) {
        this.#leave(this.#block + 1);
        if (!this.#load()) {
          doc = END;
          break;
        }
        bytes = this.#bytes;
        at = this.#at;
        blockEnd = this.#end;
      }
      let unit = bytes[at++] as number;
      if (isWide) unit |= (bytes[at++] as number) << 8;
      const gap = unit >>> 2;
      doc += gap + 1;
      tf = (unit & FOLLOWS) + 1;
      if (gap === longGap || tf > FOLLOWS) {
        this.#at = at;
        if (gap === longGap) doc += this.#varint();
        if (tf > FOLLOWS) tf += this.#varint();
        at = this.#at;
      }
    }
    this.doc = doc;
    this.tf = tf;
    this.#at = at;
  }

  #skipTo(docId: number): void {
    const { lastDocs } = this.list;
    let block = this.#block;
    while (block < lastDocs.length && (lastDocs[block] as number) < docId) block++;
    if (block !== this.#block) this.#leave(block);
  }

  #leave(block: number): void {
    this.#block = block;
    this.#isLoaded = false;
  }

  /** Stands before the first posting of the block; false where there is no such block. */
  #load(): boolean {
    const { starts, lastDocs, whole, stream } = this.list;
    const block = this.#block;
    if (block >= lastDocs.length) return false;
    const from = starts[block] as number;
    const size = (starts[block + 1] as number) - from;
    const chunk = Math.floor(from / CHUNK_BYTES);
    this.#at = from - chunk * CHUNK_BYTES;
    if (whole !== undefined) this.#bytes = whole;
    else if (this.#at + size > CHUNK_BYTES) {
      this.#bytes = stream.read(from, size);
      this.#at = 0;
      this.#chunk = -1;
    } else if (chunk !== this.#chunk) {
      this.#bytes = stream.chunk(chunk);
      this.#chunk = chunk;
    }
    this.#end = this.#at + size;
    this.doc = block === 0 ? -1 : (lastDocs[block - 1] as number);
    this.#isLoaded = true;
    return true;
  }

  #read(): void {
    const { isWide } = this.list;
    let unit = this.#bytes[this.#at++] as number;
    if (isWide) unit |= (this.#bytes[this.#at++] as number) << 8;
    const gap = unit >>> 2;
    this.doc += gap + 1;
    this.tf = (unit & FOLLOWS) + 1;
    if (gap === (isWide ? LONG_WIDE_GAP : LONG_GAP)) this.doc += this.#varint();
    if (this.tf > FOLLOWS) this.tf += this.#varint();
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
}
