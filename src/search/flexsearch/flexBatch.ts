import { keyBytes } from '../format/bytes.js';
import type { SegmentWriter } from '../format/segmentWriter.js';

export type FlexId = string | number;

/** What a storage sees of FlexSearch's Index: the adds and removals since the last commit, among others. */
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

/** What one commit writes. */
export interface FlexBatch {
  map: FlexIndex['map'];
  added: Set<FlexId>;
  tasks: FlexIndex['commit_task'];
}

/** Takes what waits in the index, so that what is added from now on belongs to the next commit. */
export function takeBatch(index: FlexIndex): FlexBatch {
  const batch = { map: index.map, added: index.reg, tasks: index.commit_task };
  index.map = new Map();
  index.reg = new Set();
  index.commit_task = [];
  return batch;
}

/** Puts a batch that could not be written back; what was added again since stays as it is. */
export function giveBack(index: FlexIndex, { map, added, tasks }: FlexBatch): void {
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
export function writeBatch({ map, added }: FlexBatch, segment: SegmentWriter): void {
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
