import type { Searcher } from '../../search/searcher.js';
import type { Refusal } from '../recordOperator.js';
import { normalized } from './positives.js';

/** Says so where a record's own document is not in the index: neither under its id nor, as a search for it tells, at all. */
export async function foreignProblem(
  index: Searcher,
  id: string | undefined,
  text: string,
): Promise<Refusal | undefined> {
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
