import type { Hit, Searcher } from '../../search/searcher.js';
import type { Candidate } from './candidates.js';

/** A tool whose choices can be reproduced exactly. */
export type ReferenceTool = 'dataflow' | 'reasonir';

interface ToolSettings {
  numNeg: number;
  query: 'question' | 'scenario+question';
  skipTop: number;
}

/** The settings of the two tools. Both weigh the query as a document, and both read the first 1,000 of the whole ranking. */
export const referenceTools: Record<ReferenceTool, ToolSettings> = {
  dataflow: { numNeg: 3, query: 'question', skipTop: 0 },
  reasonir: { numNeg: 1, query: 'scenario+question', skipTop: 20 },
};

/**
 * Returns a remark if an index has other terms than those of the two tools, which analyze every text as Lucene's EnglishAnalyzer does:
 * then the choice is made by their rules, but is not theirs.
 */
export function profileRemark(profile: ReferenceTool, { analyzer }: Searcher): string | undefined {
  if (analyzer === undefined || analyzer.name === 'english') return undefined;
  return `the profile ${profile} chooses as that tool does only on an index with the analyzer english; this one has ${analyzer.name}: rebuild it with --analyzer english, or leave out the profile for texts that are not English`;
}

const RANKING_DEPTH = 1000;

export interface Reproduction {
  profile: ReferenceTool;
  query: string;
  numNeg: number;
  /** The positive's text, and its id if the record has one. */
  text: string;
  id: string | undefined;
  signal: AbortSignal;
}

/**
 * Chooses as DataFlow's BM25HardNegGenerator does (all but the positive's own row) or as ReasonIR's BM25_Miner does (from rank 21
 * on, all but the positive's text). So a duplicate of the positive may be among the negatives, and so may documents that score
 * 0, which follow the others in corpus order.
 */
export async function reproduce(
  index: Searcher,
  { profile, query, numNeg, text, id, signal }: Reproduction,
): Promise<{ negatives: Candidate[]; positive: Hit | undefined }> {
  const { skipTop } = referenceTools[profile];
  const ownRow = id === undefined ? undefined : rowOf(index, id, text);
  const negatives: Candidate[] = [];
  let positive: Hit | undefined;
  for await (const hit of wholeRanking(index, query, skipTop + numNeg + 1, signal)) {
    if (negatives.length === numNeg) break;
    const found = index.text(hit.docId);
    const isOwn = ownRow === undefined ? positive === undefined && found === text : hit.docId === ownRow;
    if (isOwn) positive ??= hit;
    if (hit.rank <= skipTop || (profile === 'dataflow' ? isOwn : found === text)) continue;
    negatives.push({ ...hit, text: found });
  }
  return { negatives, positive };
}

/** Returns the document with an id; of several, the one with the text. */
function rowOf(index: Searcher, id: string, text: string): number | undefined {
  const docIds = index.docIds(id);
  return docIds.find((docId) => index.text(docId) === text) ?? docIds[0];
}

/** Yields every document, best first, equal scores in corpus order, including those that score 0. */
async function* wholeRanking(index: Searcher, query: string, first: number, signal: AbortSignal): AsyncGenerator<Hit> {
  const known = new Set<number>();
  for (let k = first; ; k *= 4) {
    const hits = await index.search(query, { k: Math.min(k, RANKING_DEPTH), weighting: 'dataflow', signal });
    for (const hit of hits.slice(known.size)) {
      known.add(hit.docId);
      yield hit;
    }
    if (k >= RANKING_DEPTH) return;
    if (hits.length < k) break;
  }
  for (let docId = 0; docId < index.docCount && known.size < RANKING_DEPTH; docId++) {
    if (known.has(docId)) continue;
    known.add(docId);
    yield { id: index.id(docId), docId, score: 0, rank: known.size };
  }
}
