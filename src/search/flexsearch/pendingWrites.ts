import { keyBytes, keyText } from '../format/bytes.js';
import { decodePostings } from '../format/postingsCodec.js';
import type { SegmentReader } from '../format/segmentReader.js';
import type { SegmentWriter } from '../format/segmentWriter.js';

export type FlexId = string | number;

/** The fields of FlexSearch's Index that a storage uses, such as the adds and removals since the last commit. */
export interface FlexIndex {
  /** Term → slots → ids; under `bm25Options`, slot tf − 1. */
  map: Map<string, (FlexId[] | undefined)[]>;
  /** Ids added since the last commit. */
  reg: Set<FlexId>;
  commit_task: { del?: FlexId; ins?: FlexId }[];
  db: unknown;
  append(id: FlexId, content: string): unknown;
  encoder: { encode?: unknown };
  tokenize: string;
  depth: number;
}

/** The writes of one commit. */
export interface PendingWrites {
  map: FlexIndex['map'];
  added: Set<FlexId>;
  tasks: FlexIndex['commit_task'];
}

/** Takes the pending writes from the index, so that later adds belong to the next commit. */
export function takePendingWrites(index: FlexIndex): PendingWrites {
  const batch = { map: index.map, added: index.reg, tasks: index.commit_task };
  index.map = new Map();
  index.reg = new Set();
  index.commit_task = [];
  return batch;
}

/** Restores a batch that could not be written; documents that were added again since then stay as they are. */
export function restorePendingWrites(index: FlexIndex, { map, added, tasks }: PendingWrites): void {
  const replaced = new Set(index.commit_task.map(({ del }) => del));
  for (const [term, slots] of map) {
    const into = index.map.get(term) ?? [];
    index.map.set(term, into);
    slots.forEach((ids, slot) => {
      const kept = ids?.filter((id) => !replaced.has(id)) ?? [];
      if (kept.length > 0) into[slot] = [...kept, ...(into[slot] ?? [])];
    });
  }
  index.reg = new Set([...[...added].filter((id) => !replaced.has(id)), ...index.reg]);
  index.commit_task = [...tasks, ...index.commit_task];
}

/** Writes the added documents, in the order of their adding; their texts are not known here. */
export function writeSegment({ map, added }: PendingWrites, segment: SegmentWriter): void {
  const docIds = new Map([...added].map((id, docId) => [id, docId]));
  const lengths = new Uint32Array(added.size);
  for (const slots of map.values()) {
    slots.forEach((ids, slot) => {
      for (const id of ids ?? []) {
        const docId = docIds.get(id) as number;
        lengths[docId] = (lengths[docId] as number) + slot + 1;
      }
    });
  }
  for (const [id, docId] of docIds) segment.addDocument({ id: String(id), length: lengths[docId] as number });
  for (const term of [...map.keys()].sort()) {
    const postings = (map.get(term) ?? []).flatMap((ids, slot) =>
      (ids ?? []).map((id) => ({ docId: docIds.get(id) as number, tf: slot + 1 })),
    );
    if (postings.length === 0) continue;
    postings.sort((a, b) => a.docId - b.docId);
    const docs = Uint32Array.from(postings, ({ docId }) => docId);
    segment.addTerm(
      keyBytes(term),
      docs,
      Uint32Array.from(postings, ({ tf }) => tf),
      docs.length,
    );
  }
}

/**
 * Replaces FlexSearch's `append` for an Index with `bm25Options`: if both texts of a document have a term, FlexSearch keeps one of the
 * two slots; here the document goes to the slot of the sum. What is committed of it already is joined by `joinAppended`.
 */
export function appendTerms({ map, reg }: FlexIndex, id: FlexId, terms: readonly string[]): void {
  if (terms.length === 0) return;
  for (const term of terms) raise(map, term, id, 1);
  reg.delete(id); // it comes last in the corpus, as a document that is replaced does
  reg.add(id);
}

/**
 * Completes appended documents: adds the postings that the index already has of them, and removes them there. It takes a pass over
 * all postings, because the terms of a document are not known.
 */
export function joinAppended(batch: PendingWrites, segments: readonly SegmentReader[]): PendingWrites {
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

/** Moves a document `by` slots up, from before the first if it is in none; existing slots are not changed. */
function raise(map: FlexIndex['map'], term: string, id: FlexId, by: number): void {
  const slots = [...(map.get(term) ?? [])];
  const before = slots.findIndex((ids) => ids?.includes(id));
  if (before >= 0) slots[before] = slots[before]?.filter((other) => other !== id);
  slots[before + by] = [...(slots[before + by] ?? []), id];
  map.set(term, slots);
}
