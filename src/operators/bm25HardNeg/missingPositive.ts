import type { Searcher } from '../../search/searcher.js';
import type { Refusal } from '../admission.js';
import { normalized } from './positives.js';

/** Returns a refusal if the index does not hold a record's own document, neither under its id nor as a search for it shows. */
export async function missingPositive(
  index: Searcher,
  id: string | undefined,
  text: string,
): Promise<Refusal | undefined> {
  const isSame = (docId: number) => normalized(index.text(docId)) === normalized(text);
  const ofId = id === undefined ? [] : index.docIds(id);
  if (ofId.some(isSame)) return undefined;
  const alike = await index.search(text, { k: 20 });
  if (alike.some(({ docId }) => isSame(docId))) return undefined;
  return {
    reason: ofId.length > 0 ? `the index holds another text under the id "${id}"` : 'its document is not in the index',
    hint: 'index the corpus that the records come from, or mine for other documents with requirePositive: false (--no-require-positive)',
  };
}
