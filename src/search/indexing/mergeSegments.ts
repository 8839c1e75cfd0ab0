import type { DictionaryEntry } from '../format/dictionary.js';
import { decodePostings } from '../format/postingsCodec.js';
import type { SegmentReader } from '../format/segmentReader.js';
import { grown, type SegmentWriter } from '../format/segmentWriter.js';

const GONE = 0xffffffff;

/** Copies the documents of all segments, without the removed ones, into one segment; docIds are dense again, in the old order. */
export function mergeSegments(
  segments: readonly SegmentReader[],
  removed: ReadonlySet<number>,
  into: SegmentWriter,
): void {
  const newIds = copyDocuments(segments, removed, into);
  const cursors = segments.map((segment) => new Cursor(segment));
  let docs = new Uint32Array(1024);
  let tfs = new Uint32Array(1024);
  for (let key = smallestKey(cursors); key !== undefined; key = smallestKey(cursors)) {
    let count = 0;
    for (const cursor of cursors) {
      if (cursor.key === undefined || Buffer.compare(cursor.key, key) !== 0) continue;
      if (count + cursor.count > docs.length) {
        docs = grown(docs, count + cursor.count);
        tfs = grown(tfs, count + cursor.count);
      }
      cursor.decode(docs, tfs, count);
      count += cursor.count;
      cursor.next();
    }
    const kept = renumber(docs, tfs, count, newIds);
    if (kept > 0) into.addTerm(key, docs, tfs, kept);
  }
}

/** Returns the new id of every document, GONE for a removed one. */
function copyDocuments(
  segments: readonly SegmentReader[],
  removed: ReadonlySet<number>,
  into: SegmentWriter,
): Uint32Array {
  const total = segments.reduce((sum, { docs }) => sum + docs, 0);
  const newIds = new Uint32Array(total).fill(GONE);
  for (const segment of segments) {
    let docId = segment.firstDoc;
    for (const document of segment.documents()) {
      if (!removed.has(docId)) {
        newIds[docId] = into.docs;
        into.addDocument(document);
      }
      docId++;
    }
  }
  return newIds;
}

/** Iterates over the terms of a segment. */
class Cursor {
  key: Uint8Array | undefined;
  count = 0;
  #entry: DictionaryEntry | undefined;
  readonly #entries;

  readonly #segment: SegmentReader;

  constructor(segment: SegmentReader) {
    this.#segment = segment;
    this.#entries = segment.terms.all();
    this.next();
  }

  next(): void {
    const { done, value } = this.#entries.next();
    this.#entry = done ? undefined : value;
    this.key = done ? undefined : value.key.slice();
    this.count = done ? 0 : value.count;
  }

  decode(docs: Uint32Array, tfs: Uint32Array, into: number): void {
    if (this.#entry === undefined) return;
    decodePostings(this.#segment.terms.postingsOf(this.#entry), this.count, this.#segment.firstDoc, docs, tfs, into);
  }
}

function smallestKey(cursors: readonly Cursor[]): Uint8Array | undefined {
  let smallest: Uint8Array | undefined;
  for (const { key } of cursors) {
    if (key !== undefined && (smallest === undefined || Buffer.compare(key, smallest) < 0)) smallest = key;
  }
  return smallest;
}

/** Drops the postings of removed documents in place. Returns the number of those that remain. */
function renumber(docs: Uint32Array, tfs: Uint32Array, count: number, newIds: Uint32Array): number {
  let kept = 0;
  for (let at = 0; at < count; at++) {
    const docId = newIds[docs[at] as number] as number;
    if (docId === GONE) continue;
    docs[kept] = docId;
    tfs[kept] = tfs[at] as number;
    kept++;
  }
  return kept;
}
