import { keyBytes, keyText } from '../format/bytes.js';
import { decodePostings } from '../format/postingsCodec.js';
import type { SegmentReader } from '../format/segmentReader.js';
import type { FlexBatch, FlexId, FlexIndex } from './flexBatch.js';

/**
 * FlexSearch's `append` for an Index under `bm25Options`: where both texts of a document have a term, FlexSearch keeps one of the
 * two slots; here the document goes to the slot of the sum. What is committed of it already is joined by `joinAppended`.
 */
export function appendTerms({ map, reg }: FlexIndex, id: FlexId, terms: readonly string[]): void {
  if (terms.length === 0) return;
  for (const term of terms) raise(map, term, id, 1);
  reg.delete(id); // it comes last in the corpus, as a document that is replaced does
  reg.add(id);
}

/**
 * Makes appended documents whole: adds what the index holds of them already, and has them removed there. That takes a pass over
 * all postings, as nothing tells which terms a document has.
 */
export function joinAppended(batch: FlexBatch, segments: readonly SegmentReader[]): FlexBatch {
  const replaced = new Set(batch.tasks.map(({ del }) => del));
  const appended = new Set(batch.tasks.map(({ ins }) => ins));
  const joined = [...batch.added].filter((id) => appended.has(id) && !replaced.has(id));
  const idOf = new Map<number, FlexId>();
  for (const id of joined) {
    for (const segment of segments) for (const docId of segment.docIds(keyBytes(String(id)))) idOf.set(docId, id);
  }
  if (idOf.size === 0) return batch;
  const map = new Map(batch.map);
  for (const { terms, firstDoc } of segments) {
    for (const entry of terms.all()) {
      const { key, count } = entry;
      const docs = new Uint32Array(count);
      const tfs = new Uint32Array(count);
      decodePostings(terms.postingsOf(entry), count, firstDoc, docs, tfs);
      for (let at = 0; at < count; at++) {
        const id = idOf.get(docs[at] as number);
        if (id !== undefined) raise(map, keyText(key), id, tfs[at] as number);
      }
    }
  }
  return { ...batch, map, tasks: [...batch.tasks, ...joined.map((del) => ({ del }))] };
}

/** Moves a document so many slots up, from before the first where it has none; the slots that were there stay as they are. */
function raise(map: FlexIndex['map'], term: string, id: FlexId, by: number): void {
  const slots = [...(map.get(term) ?? [])];
  const before = slots.findIndex((ids) => ids?.includes(id));
  if (before >= 0) slots[before] = slots[before]?.filter((other) => other !== id);
  slots[before + by] = [...(slots[before + by] ?? []), id];
  map.set(term, slots);
}
