import { InputError, RejectError } from '../errors.js';
import { fileLines } from '../io/read/fileLines.js';
import { minersFacts, type RowForm } from '../operators/bm25HardNeg/mineRows.js';
import { asMiningRecord } from '../operators/bm25HardNeg/miningRow.js';
import type { DataRecord } from '../record.js';
import type { Searcher } from '../search/searcher.js';

/**
 * Reads the judgements of a BEIR folder: the ids of the relevant documents of each query. In memory: about 200 bytes each.
 *
 * @throws InputError if the file cannot be read, or a line has not three fields
 */
export async function readQrels(file: string): Promise<Map<string, string[]>> {
  const relevant = new Map<string, string[]>();
  let line = 0;
  for await (const { text } of qrelsLines(file)) {
    line++;
    if (text.trim() === '') continue;
    const fields = text.split('\t').map(withoutQuotes);
    // The run format of TREC has a column between the two ids.
    const [query, document, score] = fields.length === 4 ? [fields[0], fields[2], fields[3]] : fields;
    if (query === undefined || document === undefined || score === undefined) {
      throw new InputError('is not a query id, a document id and a score with tabs between them', { path: file, line });
    }
    if (!(Number(score) > 0)) continue;
    const documents = relevant.get(query) ?? [];
    documents.push(document);
    relevant.set(query, documents);
  }
  return relevant;
}

async function* qrelsLines(file: string): AsyncGenerator<{ text: string }> {
  for await (const line of fileLines(file)) yield { text: line.toString().replace(/\r?\n?$/, '') };
}

/** The value of a field of a .tsv, which may be in quotes. */
function withoutQuotes(field: string): string {
  const inner = /^"([\s\S]*)"$/.exec(field)?.[1];
  return inner === undefined ? field : inner.replaceAll('""', '"');
}

export interface BeirKeys {
  questionKey: string;
  textKey: string;
  idKey: string;
  negativesKey: string;
}

/**
 * The queries of a BEIR folder as rows. Their documents are looked up in the index, which holds the folder's corpus by its ids;
 * they are written back as `{query_id, query, pos, pos_ids, neg, neg_ids}`. The miner must write details.
 */
export function beirForm(
  index: Searcher,
  qrels: ReadonlyMap<string, readonly string[]>,
  { questionKey, textKey, idKey, negativesKey }: BeirKeys,
): RowForm {
  return {
    toRecord(row) {
      const ids = qrels.get(String(row._id)) ?? [];
      const documents = ids.flatMap((id) => {
        const docId = index.docIds(id)[0];
        return docId === undefined ? [] : [{ id, text: index.text(docId) }];
      });
      const [first, ...further] = documents;
      if (ids.length === 0) throw new RejectError('the qrels name no relevant document of the query');
      if (first === undefined)
        throw new RejectError(`the index holds none of its documents: ${ids.slice(0, 3).join(', ')}`);
      const fields = { [questionKey]: row.text, [textKey]: first.text, [idKey]: first.id };
      return asMiningRecord({ row, further, taken: [] }, { ...fields, [documentsKey]: documents });
    },
    toRow({ row }, mined) {
      const documents = mined[documentsKey] as { id: string; text: string }[];
      const { [`${negativesKey}_details`]: details, ...facts } = minersFacts(mined, negativesKey);
      return {
        query_id: row._id,
        query: row.text,
        pos: documents.map(({ text }) => text),
        pos_ids: documents.map(({ id }) => id),
        neg: mined[negativesKey],
        neg_ids: (details as { negatives: DataRecord[] }).negatives.map(({ id }) => id),
        ...facts,
      };
    },
  };
}

const documentsKey = 'rareflow documents';
