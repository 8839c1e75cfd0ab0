import { ByteReader } from './bytes.js';
import { StreamReader } from './chunkedStream.js';
import { type DataFileReader, type StreamName, streamNames } from './dataFile.js';
import { Dictionary } from './dictionary.js';
import { DocCursor, type IndexedDocument, type Kept } from './docStore.js';
import type { TextPlace } from './externalTexts.js';
import { decodePostings } from './postingsCodec.js';
import { DOCS_PER_BLOCK, type SegmentMeta } from './segmentWriter.js';

type StreamReaders = Record<StreamName, StreamReader>;

export function openReaders(file: DataFileReader): StreamReaders {
  return Object.fromEntries(streamNames.map((name) => [name, new StreamReader(file, name)])) as StreamReaders;
}

/** Ids that a segment remembers: some hundred KB. */
const KNOWN_IDS = 8192;

interface Tables {
  docLengths: Uint32Array;
  /** Where each block of ids begins, and the end of the last. */
  blockOffsets: Float64Array;
}

/** Reads one segment. Documents are numbered as in the whole index: from `firstDoc` on. */
export class SegmentReader {
  readonly terms: Dictionary;
  readonly #ids: Dictionary;
  /** Of the documents that were found last. */
  readonly #knownIds = new Map<number, string>();
  #tables: Tables | undefined;

  constructor(
    private readonly meta: SegmentMeta,
    private readonly streams: StreamReaders,
    readonly firstDoc: number,
  ) {
    this.terms = new Dictionary(meta.terms, streams.terms, streams.postings, streams.tables);
    this.#ids = new Dictionary(meta.ids, streams.terms, streams.postings, streams.tables);
  }

  get docs(): number {
    return this.meta.docs;
  }

  get docsWithTerms(): number {
    return this.meta.docsWithTerms;
  }

  get sumDocLength(): number {
    return this.meta.sumDocLength;
  }

  /** The stream that `terms` points into. */
  get postings(): StreamReader {
    return this.streams.postings;
  }

  get kept(): Kept {
    const { storesTexts, storesPlaces, storesGroups } = this.meta;
    return { storesTexts, storesPlaces, storesGroups };
  }

  /** By place in the segment. */
  get docLengths(): Uint32Array {
    return this.#readTables().docLengths;
  }

  docIds(id: Uint8Array): Uint32Array {
    const entry = this.#ids.lookup(id);
    const docs = new Uint32Array(entry?.count ?? 0);
    if (entry === undefined) return docs;
    decodePostings(this.#ids.postingsOf(entry), entry.count, this.firstDoc, docs, new Uint32Array(entry.count));
    return docs;
  }

  id(docId: number): string {
    const known = this.#knownIds.get(docId);
    if (known !== undefined) return known;
    const { id } = this.#locate(docId);
    if (this.#knownIds.size >= KNOWN_IDS) this.#knownIds.clear();
    this.#knownIds.set(docId, id);
    return id;
  }

  /** Undefined where it is not stored. */
  text(docId: number): string | undefined {
    return this.#textAt(this.#locate(docId));
  }

  /** Where its text stands in the corpus; undefined where that is not kept. */
  place(docId: number): TextPlace | undefined {
    return this.meta.storesPlaces ? this.#locate(docId).place : undefined;
  }

  group(docId: number): string | undefined {
    return this.meta.storesGroups ? this.#locate(docId).group : undefined;
  }

  /** Every document in order. */
  *documents(): Generator<IndexedDocument> {
    const { docLengths } = this;
    for (let doc = 0; doc < this.docs; ) {
      const cursor = this.#block(Math.floor(doc / DOCS_PER_BLOCK));
      while (cursor.next()) {
        const { id, place, group } = cursor;
        yield { id, length: docLengths[doc] as number, text: this.#textAt(cursor), place, group };
        doc++;
      }
    }
  }

  #locate(docId: number): DocCursor {
    const place = docId - this.firstDoc;
    const cursor = this.#block(Math.floor(place / DOCS_PER_BLOCK));
    for (let left = place % DOCS_PER_BLOCK; left >= 0; left--) cursor.next();
    return cursor;
  }

  #block(block: number): DocCursor {
    const { blockOffsets } = this.#readTables();
    const start = blockOffsets[block] as number;
    const bytes = this.streams.docs.read(start, (blockOffsets[block + 1] as number) - start);
    return new DocCursor(new ByteReader(bytes), this.meta);
  }

  /** Read at the first use: opening an index does not wait for what grows with it. */
  #readTables(): Tables {
    if (this.#tables !== undefined) return this.#tables;
    const { docs, docsOffset, tableOffset, tableBytes } = this.meta;
    const reader = new ByteReader(this.streams.tables.read(tableOffset, tableBytes));
    const docLengths = new Uint32Array(docs);
    for (let doc = 0; doc < docs; doc++) docLengths[doc] = reader.varint();
    const blockOffsets = new Float64Array(Math.ceil(docs / DOCS_PER_BLOCK) + 1).fill(docsOffset, 0, 1);
    for (let block = 1; block < blockOffsets.length; block++) {
      blockOffsets[block] = (blockOffsets[block - 1] as number) + reader.varint();
    }
    this.#tables = { docLengths, blockOffsets };
    return this.#tables;
  }

  #textAt({ textOffset, textSize }: DocCursor): string | undefined {
    if (textSize === 0) return undefined;
    const bytes = this.streams.texts.read(textOffset, Math.floor(textSize / 2));
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return buffer.toString(textSize % 2 === 0 ? 'utf8' : 'utf16le');
  }
}

/** What a segment must keep that takes the documents of all of these. */
export function keptByAny(segments: readonly SegmentReader[]): Kept {
  const any = (name: keyof Kept) => segments.some(({ kept }) => kept[name] === true);
  return { storesTexts: any('storesTexts'), storesPlaces: any('storesPlaces'), storesGroups: any('storesGroups') };
}

/** The segment that has the document. */
export function segmentOf(segments: readonly SegmentReader[], docId: number): SegmentReader | undefined {
  return segments.find(({ firstDoc, docs }) => docId >= firstDoc && docId < firstDoc + docs);
}
