import { CHUNK_BYTES } from '../format/dataFile.js';
import { FOLLOWS, LONG_GAP, LONG_WIDE_GAP } from '../format/postingsCodec.js';
import { type Impacts, MAX_IMPACT_TF } from './bm25.js';
import { BLOCK_DOCS, END, type Postings } from './postingsTypes.js';
import type { TermPostings } from './termPostings.js';

const BLOCK_MASK = BLOCK_DOCS - 1;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Moves forward through the postings of a term, and reads only the blocks that it must. */
export class PostingsCursor implements Postings {
  /** The current document: −1 before the first, END after the last. */
  doc = -1;
  tf = 0;
  /** The current block, or the one to read next. */
  #block = 0;
  /** The offset of the next posting in `#bytes`; equal to `#end` if the block is finished or has not started. */
  #at = 0;
  #end = 0;
  #bytes = EMPTY;
  #isLoaded = false;
  /** The number of the chunk in `#bytes`; −1 if it is not a chunk. */
  #chunk = -1;

  constructor(readonly list: TermPostings) {}

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

  /** Moves to the first document from `docId` on. */
  seek(docId: number): void {
    if (this.doc >= docId) return;
    this.#skipTo(docId);
    if (!this.#isLoaded && !this.#load()) {
      this.doc = END;
      return;
    }
    const { isWide } = this.list;
    const longGap = isWide ? LONG_WIDE_GAP : LONG_GAP;
    const bytes = this.#bytes;
    let { doc } = this;
    let at = this.#at;
    let unit = 0;
    while (doc < docId) {
      if (at === this.#end) {
        this.#pass();
        return;
      }
      unit = bytes[at++] as number;
      if (isWide) unit |= (bytes[at++] as number) << 8;
      const gap = unit >>> 2;
      doc += gap + 1;
      if (gap === longGap || (unit & FOLLOWS) === FOLLOWS) {
        this.#at = at;
        if (gap === longGap) doc += this.#varint();
        this.tf = FOLLOWS + 1;
        if ((unit & FOLLOWS) === FOLLOWS) this.tf += this.#varint();
        at = this.#at;
      }
    }
    if ((unit & FOLLOWS) < FOLLOWS) this.tf = (unit & FOLLOWS) + 1;
    this.doc = doc;
    this.#at = at;
  }

  impactOf(docId: number, { impacts, levels }: Impacts): number {
    const tf = this.tfOf(docId);
    return impacts[(Math.min(tf, MAX_IMPACT_TF) << 8) | (levels[docId] as number)] as number;
  }

  tfOf(docId: number): number {
    this.seek(docId);
    return this.doc === docId ? this.tf : 0;
  }

  addTo(bounds: Int32Array, firstDoc: number, factor: number, impacts: Impacts): void {
    const { lastDocs, isWide } = this.list;
    const end = firstDoc + BLOCK_DOCS;
    for (;;) {
      if (!this.#isLoaded && !this.#load()) return;
      const isWhole = (lastDocs[this.#block] as number) < end;
      if (isWhole && !isWide) this.#addBlock(bounds, factor, impacts);
      else this.#addPart(bounds, end, factor, impacts);
      if (this.#at < this.#end) return;
      this.#leave(this.#block + 1);
    }
  }

  /** Adds the rest of a block of narrow units: almost all postings of a search take this path. */
  #addBlock(bounds: Int32Array, factor: number, { impacts, levels }: Impacts): void {
    const bytes = this.#bytes;
    const end = this.#end;
    let { doc } = this;
    for (let at = this.#at; at < end; ) {
      const unit = bytes[at++] as number;
      doc += (unit >>> 2) + 1;
      let row = (unit & FOLLOWS) + 1;
      if (unit >= LONG_GAP * 4 || row > FOLLOWS) {
        this.#at = at;
        if (unit >= LONG_GAP * 4) doc += this.#varint();
        if (row > FOLLOWS) row = Math.min(row + this.#varint(), MAX_IMPACT_TF);
        at = this.#at;
      }
      const local = doc & BLOCK_MASK;
      bounds[local] =
        (bounds[local] as number) + Math.imul(factor, impacts[(row << 8) | (levels[doc] as number)] as number);
    }
    this.doc = doc;
    this.#at = end;
  }

  #addPart(bounds: Int32Array, end: number, factor: number, { impacts, levels }: Impacts): void {
    const { isWide } = this.list;
    const longGap = isWide ? LONG_WIDE_GAP : LONG_GAP;
    const bytes = this.#bytes;
    for (let at = this.#at; at < this.#end; at = this.#at) {
      let unit = bytes[at++] as number;
      if (isWide) unit |= (bytes[at++] as number) << 8;
      const gap = unit >>> 2;
      let doc = this.doc + gap + 1;
      if (doc >= end) return;
      let row = (unit & FOLLOWS) + 1;
      const start = this.#at;
      this.#at = at;
      if (gap === longGap) {
        doc += this.#varint();
        if (doc >= end) {
          this.#at = start;
          return;
        }
      }
      if (row > FOLLOWS) row = Math.min(row + this.#varint(), MAX_IMPACT_TF);
      const local = doc & BLOCK_MASK;
      bounds[local] =
        (bounds[local] as number) + Math.imul(factor, impacts[(row << 8) | (levels[doc] as number)] as number);
      this.doc = doc;
    }
  }

  #skipTo(docId: number): void {
    const { lastDocs } = this.list;
    let block = this.#block;
    while (block < lastDocs.length && (lastDocs[block] as number) < docId) block++;
    if (block !== this.#block) this.#leave(block);
  }

  /** No document of the last block is left. */
  #pass(): void {
    this.#leave(this.#block + 1);
    this.doc = END;
  }

  #leave(block: number): void {
    this.#block = block;
    this.#isLoaded = false;
  }

  /** Goes before the first posting of the block. Returns false if there is no such block. */
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
