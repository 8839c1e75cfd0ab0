import { InputError } from '../../errors.js';
import type { StoredFields } from '../format/docStore.js';
import { MAX_DOCS } from '../format/postingsCodec.js';
import { grown, type RepeatedIds, type SegmentMeta, SegmentWriter, type Streams } from '../format/segmentWriter.js';
import type { AnalyzedDocuments } from './analyzeDocuments.js';
import type { CorpusDocument } from './documents.js';
import { InvertedBuffer } from './invertedBuffer.js';

export interface SegmentsOptions {
  memoryMb: number;
  stored: StoredFields;
}

/** The term has no id in the buffer yet. */
const UNKNOWN = 0xffffffff;

/** The terms of a thread by the thread's ids, and their ids in the buffer. */
interface ThreadTerms {
  terms: string[];
  numbers: Uint32Array;
}

/** Turns analyzed documents into segments: a new one whenever the postings in memory reach the limit. */
export class SegmentsBuilder {
  readonly #segments: SegmentMeta[] = [];
  readonly #memoryBytes: number;
  readonly #stored: StoredFields;
  readonly #threads: ThreadTerms[] = [];
  #buffer = new InvertedBuffer();
  #segment: SegmentWriter;
  #docs = 0;
  #repeatedIds: RepeatedIds = { documents: 0, first: undefined };

  readonly #streams: Streams;

  constructor(streams: Streams, { memoryMb, stored }: SegmentsOptions) {
    this.#streams = streams;
    this.#memoryBytes = memoryMb * 2 ** 20;
    this.#stored = stored;
    this.#segment = this.#newSegment();
  }

  /** Adds the document at `place`; the documents of a batch must come in their order. */
  add(
    { documents, batch: { ends, lengths, terms, tfs, newTerms, restarted }, thread }: AnalyzedDocuments,
    place: number,
  ): void {
    if (++this.#docs > MAX_DOCS) throw new InputError(`an index holds ${MAX_DOCS} documents at most`);
    if (place === 0) this.#learn(thread, newTerms, restarted);
    const from = place === 0 ? 0 : (ends[place - 1] as number);
    const to = ends[place] as number;
    this.#buffer.add(terms, this.#numbersOf(thread, terms, from, to), tfs, from, to);
    const document = documents[place] as CorpusDocument;
    this.#segment.addDocument({ ...document, length: lengths[place] as number });
    if (this.#buffer.bytes + this.#segment.bytes > this.#memoryBytes) this.#endSegment();
  }

  /** The repeated ids of the last segment that was finished: those of the corpus if there is only one. */
  get repeatedIds(): RepeatedIds {
    return this.#repeatedIds;
  }

  finish(): SegmentMeta[] {
    if (this.#segment.docs > 0) this.#endSegment();
    return this.#segments;
  }

  #learn(thread: number, newTerms: readonly string[], restarted: boolean): void {
    if (restarted || this.#threads[thread] === undefined)
      this.#threads[thread] = { terms: [], numbers: new Uint32Array(0) };
    const known = this.#threads[thread];
    const before = known.terms.length;
    for (const term of newTerms) known.terms.push(term);
    if (known.terms.length > known.numbers.length) {
      known.numbers = grown(known.numbers, known.terms.length);
      known.numbers.fill(UNKNOWN, before);
    }
  }

  /** Returns the ids of the terms of a thread; those between `from` and `to` known to the buffer. */
  #numbersOf(thread: number, terms: Uint32Array, from: number, to: number): Uint32Array {
    const known = this.#threads[thread] as ThreadTerms;
    const { numbers } = known;
    for (let at = from; at < to; at++) {
      const term = terms[at] as number;
      if (numbers[term] === UNKNOWN) numbers[term] = this.#buffer.numberOf(known.terms[term] as string);
    }
    return numbers;
  }

  #endSegment(): void {
    this.#buffer.writeTo(this.#segment);
    this.#segments.push(this.#segment.finish());
    this.#repeatedIds = this.#segment.repeatedIds;
    this.#buffer = new InvertedBuffer();
    for (const known of this.#threads) known?.numbers.fill(UNKNOWN);
    this.#segment = this.#newSegment();
  }

  #newSegment(): SegmentWriter {
    return new SegmentWriter(this.#streams, this.#stored);
  }
}
