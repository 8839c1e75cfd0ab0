import { ByteReader } from './bytes.js';
import { ChunkedStreamReader } from './chunkedStream.js';
import { type DataFileReader, type StreamName, streamNames } from './dataFile.js';
import { Dictionary } from './dictionary.js';
import { DocStoreCursor, type IndexedDocument, type StoredFields } from './docStore.js';
import type { TextLocation } from './externalTexts.js';
import { decodePostings } from './postingsCodec.js';
import { DOCS_PER_BLOCK, type SegmentMeta } from './segmentWriter.js';

type StreamReaders = Record<StreamName, ChunkedStreamReader>;

export function openReaders(file: DataFileReader): StreamReaders {
  return Object.fromEntries(streamNames.map((name) => [name, new ChunkedStreamReader(file, name)])) as StreamReaders;
}

/** Ids that a segment remembers: some hundred KB. */
const KNOWN_IDS = 8192;

interface Tables {
  docLengths: Uint32Array;
  /** The offset of each block of ids, and the end of the last one. */
  blockOffsets: Float64Array;
}

/** Reads one segment. Documents are numbered as in the whole index: from `firstDoc` on. */
export class SegmentReader {
  readonly terms: Dictionary;
  readonly #ids: Dictionary;
  /** The cursor over the block that was read last. */
  readonly #knownIds = new Map<number, string>();
  #tables: Tables | undefined;

  readonly #meta: SegmentMeta;
  readonly #streams: StreamReaders;

  constructor(
    meta: SegmentMeta,
    streams: StreamReaders,
    readonly firstDoc: number,
  ) {
    this.#meta = meta;
    this.#streams = streams;
    this.terms = new Dictionary(meta.terms, streams.terms, streams.postings, streams.tables);
    this.#ids = new Dictionary(meta.ids, streams.terms, streams.postings, streams.tables);
  }

  get docs(): number {
    return this.#meta.docs;
  }

  get docsWithTerms(): number {
    return this.#meta.docsWithTerms;
  }

  get sumDocLength(): number {
    return this.#meta.sumDocLength;
  }

  /** The stream that `terms` points into. */
  get postings(): ChunkedStreamReader {
    return this.#streams.postings;
  }

  get stored(): StoredFields {
    const { storesTexts, storesPlaces, storesGroups } = this.#meta;
    return { storesTexts, storesPlaces, storesGroups };
  }

  /** The lengths of the documents, by their index in the segment. */
  get docLengths(): Uint32Array {
    return this.#readTables().docLengths;
  }

  /** Passes on the bytes that begin with the length of every document, as varints. */
  readLengths(take: (bytes: Uint8Array) => void): void {
    const { tableOffset, tableBytes } = this.#meta;
    take(this.#streams.tables.read(tableOffset, tableBytes));
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

  /** Returns the stored text; undefined if it is not stored. */
  text(docId: number): string | undefined {
    return this.#textAt(this.#locate(docId));
  }

  /** Returns the location of the text in the corpus; undefined if it is not stored. */
  place(docId: number): TextLocation | undefined {
    return this.#meta.storesPlaces ? this.#locate(docId).place : undefined;
  }

  group(docId: number): string | undefined {
    return this.#meta.storesGroups ? this.#locate(docId).group : undefined;
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

  #locate(docId: number): DocStoreCursor {
    const place = docId - this.firstDoc;
    const cursor = this.#block(Math.floor(place / DOCS_PER_BLOCK));
    for (let left = place % DOCS_PER_BLOCK; left >= 0; left--) cursor.next();
    return cursor;
  }

  #block(block: number): DocStoreCursor {
    const { blockOffsets } = this.#readTables();
    const start = blockOffsets[block] as number;
    const bytes = this.#streams.docs.read(start, (blockOffsets[block + 1] as number) - start);
    return new DocStoreCursor(new ByteReader(bytes), this.#meta);
  }

  /** Read at the first use: opening an index does not wait for what grows with it. */
  #readTables(): Tables {
    if (this.#tables !== undefined) return this.#tables;
    const { docs, docsOffset, tableOffset, tableBytes } = this.#meta;
    const reader = new ByteReader(this.#streams.tables.read(tableOffset, tableBytes));
    const docLengths = new Uint32Array(docs);
    for (let doc = 0; doc < docs; doc++) docLengths[doc] = reader.varint();
    const blockOffsets = new Float64Array(Math.ceil(docs / DOCS_PER_BLOCK) + 1).fill(docsOffset, 0, 1);
    for (let block = 1; block < blockOffsets.length; block++) {
      blockOffsets[block] = (blockOffsets[block - 1] as number) + reader.varint();
    }
    this.#tables = { docLengths, blockOffsets };
    return this.#tables;
  }

  #textAt({ textOffset, textSize }: DocStoreCursor): string | undefined {
    if (textSize === 0) return undefined;
    const bytes = this.#streams.texts.read(textOffset, Math.floor(textSize / 2));
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return buffer.toString(textSize % 2 === 0 ? 'utf8' : 'utf16le');
  }
}

/** Returns what a segment must keep to hold the documents of all of these. */
export function storedByAny(segments: readonly SegmentReader[]): StoredFields {
  const any = (name: keyof StoredFields) => segments.some(({ stored }) => stored[name] === true);
  return { storesTexts: any('storesTexts'), storesPlaces: any('storesPlaces'), storesGroups: any('storesGroups') };
}

/** The segment that has the document. */
export function segmentOf(segments: readonly SegmentReader[], docId: number): SegmentReader | undefined {
  return segments.find(({ firstDoc, docs }) => docId >= firstDoc && docId < firstDoc + docs);
}
