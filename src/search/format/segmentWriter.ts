import { ByteWriter, keyBytes } from './bytes.js';
import { ChunkedStreamWriter } from './chunkedStream.js';
import { type DataFileWriter, type StreamName, streamNames } from './dataFile.js';
import { type DictionaryMeta, DictionaryWriter } from './dictionary.js';
import { DocStoreWriter, type IndexedDocument, type StoredFields } from './docStore.js';
import { encodePostings } from './postingsCodec.js';

/** Documents in a block of ids. */
export const DOCS_PER_BLOCK = 16;

const BYTES_PER_DOC = 48;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A self-contained part of an index: a run of documents with their own dictionary and postings. */
export interface SegmentMeta extends StoredFields {
  docs: number;
  /** The documents that have at least one term. */
  docsWithTerms: number;
  sumDocLength: number;
  postings: number;
  terms: DictionaryMeta;
  ids: DictionaryMeta;
  /** The offset of the blocks of ids in the stream `docs`. */
  docsOffset: number;
  /** In the stream `tables`: the length of every document, then the size of every block of ids. */
  tableOffset: number;
  tableBytes: number;
}

/** The `meta` value of a data file. */
export interface DataMeta {
  segments: SegmentMeta[];
}

export type Streams = Record<StreamName, ChunkedStreamWriter>;

/** The streams of a data file, to be appended to. */
export function openStreams(file: DataFileWriter): Streams {
  return Object.fromEntries(streamNames.map((name) => [name, new ChunkedStreamWriter(file, name)])) as Streams;
}

/** Writes one segment: its documents in order, then its terms in order of their bytes, then `finish`. */
export class SegmentWriter {
  readonly #ids: string[] = [];
  #idUnits = 0;
  #lengths = new Uint32Array(1024);
  #docsWithTerms = 0;
  #sumDocLength = 0;
  #postings = 0;
  #terms: DictionaryWriter | undefined;
  readonly #encoded = new ByteWriter();
  readonly #blockSizes = new ByteWriter();
  readonly #block = new ByteWriter();
  readonly #blockDocs: DocStoreWriter;
  readonly #docsOffset: number;

  readonly #streams: Streams;
  readonly #stored: StoredFields;

  constructor(streams: Streams, stored: StoredFields) {
    this.#streams = streams;
    this.#stored = stored;
    this.#blockDocs = new DocStoreWriter(this.#block, stored);
    this.#docsOffset = streams.docs.offset;
  }

  /** The documents whose id an earlier one has; known when the segment is finished. */
  repeatedIds: RepeatedIds = { documents: 0, first: undefined };

  get docs(): number {
    return this.#ids.length;
  }

  /** About how much memory its documents take until `finish`. */
  get bytes(): number {
    return this.docs * BYTES_PER_DOC + 2 * this.#idUnits;
  }

  addDocument(document: IndexedDocument): void {
    const { id, length, text = '' } = document;
    if (this.#ids.length === this.#lengths.length) this.#lengths = grown(this.#lengths);
    this.#lengths[this.#ids.length] = length;
    this.#sumDocLength += length;
    if (length > 0) this.#docsWithTerms++;
    if (this.#block.length === 0) this.#blockDocs.begin(this.#streams.texts.offset);
    this.#blockDocs.add(document, this.#stored.storesTexts ? this.#writeText(text) : 0);
    this.#ids.push(id);
    this.#idUnits += id.length;
    if (this.#ids.length % DOCS_PER_BLOCK === 0) this.#endBlock();
  }

  /** Document ids count from the segment's first. */
  addTerm(key: Uint8Array, docs: Uint32Array, tfs: Uint32Array, count: number): void {
    this.#terms ??= new DictionaryWriter(this.#streams.terms, this.#streams.postings);
    this.#encoded.clear();
    encodePostings(this.#encoded, docs, tfs, count, this.#lengths);
    this.#terms.add(key, count, this.#encoded.view());
    this.#postings += count;
  }

  finish(): SegmentMeta {
    if (this.#block.length > 0) this.#endBlock();
    const { tables } = this.#streams;
    const terms = this.#terms ?? new DictionaryWriter(this.#streams.terms, this.#streams.postings);
    const termsPlace = terms.finish(tables);
    const idsPlace = this.#writeIdDictionary();
    const table = new ByteWriter();
    for (let doc = 0; doc < this.docs; doc++) table.varint(this.#lengths[doc] as number);
    table.raw(this.#blockSizes.view());
    const tableOffset = tables.offset;
    tables.append(table.view());
    return {
      docs: this.docs,
      docsWithTerms: this.#docsWithTerms,
      sumDocLength: this.#sumDocLength,
      postings: this.#postings,
      ...this.#stored,
      terms: termsPlace,
      ids: idsPlace,
      docsOffset: this.#docsOffset,
      tableOffset,
      tableBytes: table.length,
    };
  }

  /** Stores a text as UTF-8, or as UTF-16 if it has lone surrogates; the low bit of the returned size says which. */
  #writeText(text: string): number {
    const utf8 = Buffer.from(text, 'utf8');
    const lossy = utf8.includes('\ufffd') && LONE_SURROGATE.test(text);
    const bytes = lossy ? Buffer.from(text, 'utf16le') : utf8;
    this.#streams.texts.append(bytes);
    return bytes.length * 2 + (lossy ? 1 : 0);
  }

  #endBlock(): void {
    this.#blockSizes.varint(this.#block.length);
    this.#streams.docs.append(this.#block.view());
    this.#block.clear();
  }

  /** Keeps the first documents that share an id, in the order of the corpus, and counts all that repeat one. */
  #noteRepeated(id: string, docs: Uint32Array): void {
    const [first, second] = docs as unknown as [number, number];
    const { repeatedIds } = this;
    const earliest = repeatedIds.first === undefined || second < repeatedIds.first.documents[1];
    this.repeatedIds = {
      documents: repeatedIds.documents + docs.length - 1,
      first: earliest ? { id, documents: [first, second] } : repeatedIds.first,
    };
  }

  #writeIdDictionary(): DictionaryMeta {
    const ids = this.#ids;
    const dictionary = new DictionaryWriter(this.#streams.terms, this.#streams.postings);
    const order = Uint32Array.from(ids.keys()).sort(
      (a, b) => compareCodeUnits(ids[a] as string, ids[b] as string) || a - b,
    );
    const ones = new Uint32Array(order.length).fill(1);
    for (let from = 0; from < order.length; ) {
      const id = ids[order[from] as number] as string;
      let to = from + 1;
      while (to < order.length && ids[order[to] as number] === id) to++;
      if (to - from > 1) this.#noteRepeated(id, order.subarray(from, to));
      this.#encoded.clear();
      encodePostings(this.#encoded, order.subarray(from, to), ones, to - from, this.#lengths);
      dictionary.add(keyBytes(id), to - from, this.#encoded.view());
      from = to;
    }
    return dictionary.finish(this.#streams.tables);
  }
}

function compareCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export interface RepeatedIds {
  /** The number of documents with the id of an earlier one. */
  documents: number;
  /** The first repetition: the id, and the numbers of the two documents in the corpus, from 0. */
  first: { id: string; documents: [number, number] } | undefined;
}

/** A copy with room for `least` numbers, or for twice as many as now. */
export function grown(array: Uint32Array, least = 0): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(array.length * 2, least));
  larger.set(array);
  return larger;
}
