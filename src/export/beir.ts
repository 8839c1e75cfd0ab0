import { RejectError } from '../errors.js';
import { DocumentIds, digest } from './documentIds.js';
import type { Part, PartsOf } from './format.js';

/**
 * BEIR's three files: `corpus.jsonl` (positives and negatives, each document once), `queries.jsonl` (each question once), and
 * `qrels/SPLIT.tsv` with a header line. It remembers the ids that it wrote: about 150 bytes for each document and each query.
 */
export function beirParts(): PartsOf {
  const documents = new DocumentIds();
  const seen = new Set<string>();
  /** True the first time. */
  const isNew = (name: string) => !seen.has(name) && seen.add(name) !== undefined;

  return ({ query, positive, negatives }, split) => {
    const file = `qrels/${split}.tsv`;
    const queryId = `q-${digest(query)}`;
    const own = documents.idOf(positive);
    if (!isNew(`${queryId} ${own.id}`)) throw new RejectError('the same question about the same document came before');
    const others = negatives.map((negative) => ({ ...documents.idOf(negative), text: negative.text }));
    return [
      ...[{ ...own, text: positive.text }, ...others]
        .filter((document) => document.isNew)
        // Loaders add the title to the text: it must be there, and one for the positive alone would mark it.
        .map(({ id, text }): Part => ({ file: 'corpus.jsonl', row: { _id: id, title: '', text } })),
      ...(isNew(queryId) ? [{ file: 'queries.jsonl', row: { _id: queryId, text: query } }] : []),
      { file, header: 'query-id\tcorpus-id\tscore', row: `${queryId}\t${own.id}\t1` },
    ];
  };
}
