import { ByteReader } from '../format/bytes.js';
import type { ChunkedStreamReader } from '../format/chunkedStream.js';
import type { DictionaryEntry } from '../format/dictionary.js';
import { BLOCK, decodePostings, readTable } from '../format/postingsCodec.js';
import type { SegmentReader } from '../format/segmentReader.js';
import type { Bm25 } from './bm25.js';
import { END, type Postings } from './postingsTypes.js';

const BYTES_PER_BLOCK = 13;
const BYTES_PER_LIST = 500;

/** The locations of the blocks of a term's postings in a segment, and the most that each can add to a score; no postings are read. */
export class TermPostings {
  readonly docFreq: number;
  /** Units of two bytes. */
  readonly isWide: boolean;
  /** The last document of each block. */
  readonly lastDocs: Uint32Array;
  readonly maxImpacts: Uint8Array;
  /** The offset of each block in the stream of postings, and the end of the last one. */
  readonly starts: Float64Array;
  /** The postings themselves, if they are a single block. */
  readonly whole: Uint8Array | undefined;
  readonly maxImpact: number;
  readonly stream: ChunkedStreamReader;
  /** The decoded postings, if the term is used often and there is room. */
  decoded: Postings | undefined;

  readonly #entry: DictionaryEntry;
  readonly #segment: SegmentReader;

  constructor(entry: DictionaryEntry, segment: SegmentReader, bm25: Bm25) {
    this.#entry = entry;
    this.#segment = segment;
    const { count } = entry;
    this.stream = segment.postings;
    const blocks = Math.ceil(count / BLOCK);
    this.docFreq = count;
    this.lastDocs = new Uint32Array(blocks);
    this.maxImpacts = new Uint8Array(blocks);
    this.starts = new Float64Array(blocks + 1);
    if (blocks === 1) {
      this.isWide = true;
      this.whole = segment.terms.postingsOf(entry).slice();
      this.starts[1] = this.whole.length;
      this.lastDocs[0] = END - 1;
      this.maxImpacts[0] = maxImpactOf(this.whole, count, bm25, segment.docLengths);
    } else {
      const head = new ByteReader(this.stream.read(entry.offset, Math.min(8, entry.length)));
      const word = head.varint();
      const tableOffset = entry.offset + head.at;
      const table = this.stream.read(tableOffset, word >>> 1);
      this.isWide = word % 2 === 1;
      this.starts[0] = tableOffset + table.length;
      const impactOf = (tf: number, docLength: number) => bm25.impact(tf, docLength);
      readTable(table, count, impactOf, (block, lastDoc, size, maxImpact) => {
        this.lastDocs[block] = lastDoc;
        this.starts[block + 1] = (this.starts[block] as number) + size;
        this.maxImpacts[block] = maxImpact;
      });
    }
    this.maxImpact = this.maxImpacts.reduce((most, impact) => Math.max(most, impact), 0);
  }

  /** Returns all bytes of the postings. */
  read(): Uint8Array {
    return this.whole ?? this.#segment.terms.postingsOf(this.#entry);
  }

  get bytes(): number {
    return BYTES_PER_LIST + this.lastDocs.length * BYTES_PER_BLOCK + (this.whole?.length ?? 0);
  }
}

function maxImpactOf(bytes: Uint8Array, count: number, bm25: Bm25, docLengths: Uint32Array): number {
  const docs = new Uint32Array(count);
  const tfs = new Uint32Array(count);
  decodePostings(bytes, count, 0, docs, tfs);
  let most = 0;
  for (let at = 0; at < count; at++) {
    most = Math.max(most, bm25.impact(tfs[at] as number, docLengths[docs[at] as number] as number));
  }
  return most;
}
