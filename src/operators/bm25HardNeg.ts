import { RejectError, requireWholeNumber } from '../errors.js';
import type { Operator } from '../flow/operator.js';
import { type DataRecord, defaultKeys } from '../record.js';
import type { Hit, Searcher, Weighting } from '../search/searcher.js';
import { type RecordOptions, recordOperator, textProblem } from './recordOperator.js';

export interface Bm25HardNegOptions extends RecordOptions {
  /** The index of the whole corpus. */
  index: Searcher;
  /** How many negatives each record gets. Default 3. */
  numNeg?: number | undefined;
  /** Default `question`. */
  inputQuestionKey?: string | undefined;
  /** The positive document's text. Default `text`. */
  inputTextKey?: string | undefined;
  /** The positive document's id, where the records have one. Default `id`. */
  idKey?: string | undefined;
  /** Default `hard_negatives`. */
  outputNegativesKey?: string | undefined;
  /** Default `lucene`. */
  weighting?: Weighting | undefined;
  /**
   * Stop where none of the first 100 records' own documents is in the index: it was made of other texts. Set to false to
   * mine negatives for documents from elsewhere. Default true.
   */
  requirePositive?: boolean | undefined;
}

/**
 * BM25HardNeg: finds, for each question, the documents that BM25 ranks best and that are not the question's own.
 *
 * Adds `hard_negatives`: the texts of the `numNeg` best by score, best first. Never among them: a document of the record's
 * id, a document of its text (white space aside), a text twice, a score of 0. Where fewer are left the record has fewer;
 * where none is left it is rejected. Ids, ranks and scores are kept under `_rareflow.bm25_hard_neg`.
 */
export function bm25HardNeg(options: Bm25HardNegOptions): Operator<DataRecord, DataRecord> {
  const {
    index,
    numNeg = 3,
    inputQuestionKey = defaultKeys.question,
    inputTextKey = defaultKeys.text,
    idKey = defaultKeys.id,
    outputNegativesKey = defaultKeys.hardNegatives,
    weighting = 'lucene',
    requirePositive = true,
    ...recordOptions
  } = options;
  requireWholeNumber('numNeg', numNeg);

  return recordOperator(
    {
      stage: 'bm25_hard_neg',
      inputs: [
        { key: inputQuestionKey, option: 'inputQuestionKey', problem: textProblem },
        { key: inputTextKey, option: 'inputTextKey', problem: textProblem },
      ],
      outputs: [outputNegativesKey],
      ...(requirePositive && {
        doubt: (record) => foreignProblem(index, idOf(record[idKey]), record[inputTextKey] as string),
      }),
    },
    recordOptions,
    async (record, signal) => {
      const id = idOf(record[idKey]);
      const text = record[inputTextKey] as string;
      const question = record[inputQuestionKey] as string;
      const { negatives, positive } = await mine(index, { question, id, text, numNeg, weighting, signal });
      if (negatives.length === 0) {
        throw new RejectError('no other document of the index shares a word with the question');
      }
      return [
        {
          fields: { [outputNegativesKey]: negatives.map(({ docId }) => index.text(docId)) },
          provenance: {
            weighting,
            negatives: negatives.map(({ id, rank, score }) => ({ id, rank, score })),
            ...(positive && { positive: { rank: positive.rank, score: positive.score } }),
            ...(negatives.length < numNeg && { shortfall: numNeg - negatives.length }),
          },
        },
      ];
    },
  );
}

interface Mining {
  question: string;
  id: string | undefined;
  text: string;
  numNeg: number;
  weighting: Weighting;
  signal: AbortSignal;
}

/** Looks down the ranking, deeper each time, until there are enough negatives or no more documents. */
async function mine(index: Searcher, { question, id, text, numNeg, weighting, signal }: Mining) {
  for (let k = numNeg + 8; ; k *= 4) {
    const hits = await index.search(question, { k, weighting, signal });
    const seen = new Set([normalized(text)]);
    const negatives: Hit[] = [];
    let positive: Hit | undefined;
    for (const hit of hits) {
      const found = normalized(index.text(hit.docId));
      if (hit.id === id || found === normalized(text)) positive ??= hit;
      else if (!seen.has(found)) negatives.push(hit);
      seen.add(found);
      if (negatives.length === numNeg) return { negatives, positive };
    }
    if (hits.length < k) return { negatives, positive };
  }
}

/** Says so where a record's own document is not in the index: neither under its id nor, as a search for it tells, at all. */
async function foreignProblem(
  index: Searcher,
  id: string | undefined,
  text: string,
): Promise<{ reason: string; hint: string } | undefined> {
  const same = (docId: number) => normalized(index.text(docId)) === normalized(text);
  const ofId = id === undefined ? [] : index.docIds(id);
  if (ofId.some(same)) return undefined;
  const alike = await index.search(text, { k: 20 });
  if (alike.some(({ docId }) => same(docId))) return undefined;
  return {
    reason: ofId.length > 0 ? `the index holds another text under the id "${id}"` : 'its document is not in the index',
    hint: 'index the corpus that they come from, or mine for other documents with requirePositive: false (--no-require-positive)',
  };
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function normalized(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
