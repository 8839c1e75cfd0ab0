import { RejectError } from '../errors.js';
import type { Part, PartsOf } from './formats.js';

/** An id without tabs and line breaks, for a column of a .tsv. */
const tsvId = (id: string) => id.replace(/\s/g, ' ');

/**
 * BEIR's three files: `corpus.jsonl` (positives and negatives, each document once), `queries.jsonl`, and `qrels/SPLIT.tsv`
 * with a header line. It remembers the ids that it wrote: about 100 bytes for each document and each query.
 */
export function beirParts(): PartsOf {
  const seen = new Set<string>();
  /** True the first time. */
  const isNew = (name: string) => !seen.has(name) && seen.add(name) !== undefined;

  return ({ queryId, query, positive, negatives }, split) => {
    const file = `qrels/${split}.tsv`;
    if (!isNew(`query ${queryId}`)) throw new RejectError('the same question about the same document came before');
    return [
      ...[positive, ...negatives]
        .filter(({ id }) => isNew(`document ${id}`))
        .map(({ id, text }): Part => ({ file: 'corpus.jsonl', row: { _id: tsvId(id), title: '', text } })),
      { file: 'queries.jsonl', row: { _id: queryId, text: query } },
      { file, header: 'query-id\tcorpus-id\tscore', row: `${queryId}\t${tsvId(positive.id)}\t1` },
    ];
  };
}
