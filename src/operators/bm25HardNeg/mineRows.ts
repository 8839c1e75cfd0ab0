import { RejectError } from '../../errors.js';
import { type Operator, operator } from '../../flow/operator.js';
import { inPlaceOf } from '../../flow/ordinal.js';
import { type DataRecord, defaultKeys, isText } from '../../record.js';
import { asMiningRecord, type MiningRow, miningRowOf } from './miningRow.js';

export interface RowForm {
  /** Makes the miner's record; returns other records as they are. Throws RejectError. */
  toRecord: (row: DataRecord) => DataRecord;
  /** Makes the row with its negatives, from the miner's record that was made of it. */
  toRow: (made: MiningRow, mined: DataRecord) => DataRecord;
}

/** Mines for rows of another form, and writes them back with their negatives; other records go through the miner as they are. */
export function mineRows(mine: Operator<DataRecord, DataRecord>, form: RowForm): Operator<DataRecord, DataRecord> {
  return operator(async function* (source, context) {
    async function* records() {
      for await (const row of source) {
        try {
          yield form.toRecord(row);
        } catch (error) {
          if (!(error instanceof RejectError)) throw error;
          await context.rejects({ stage: 'bm25_hard_neg', reason: error.message, record: row });
        }
      }
    }
    const rejects: typeof context.rejects = (reject) => {
      const { record } = reject;
      const made = typeof record === 'object' && record !== null ? miningRowOf(record) : undefined;
      return context.rejects(made === undefined ? reject : { ...reject, record: made.row });
    };
    for await (const mined of mine(records(), { ...context, rejects })) {
      const made = miningRowOf(mined);
      yield made === undefined ? mined : inPlaceOf(mined, form.toRow(made, mined));
    }
  }, 'bm25_hard_neg');
}

export interface PairKeys {
  questionKey: string;
  textKey: string;
  negativesKey: string;
}

/**
 * The form of FlagEmbedding and GritLM: `{query, pos, neg}`, whose texts may be pairs `[instruction, text]`. The negatives that are
 * found follow those that are there.
 */
export function pairForm({ questionKey, textKey, negativesKey }: PairKeys): RowForm {
  return {
    toRecord(row) {
      if (row[questionKey] !== undefined || !isPairRow(row)) return row;
      const [text, ...further] = row.pos.map(textOfItem);
      if (!isText(text)) throw new RejectError('"pos" holds no text');
      const taken = (row.neg ?? []).map(textOfItem).filter(isText);
      return asMiningRecord({ row, further, taken }, { [questionKey]: textOfItem(row.query), [textKey]: text });
    },
    toRow({ row }, mined) {
      const { query, neg } = row as unknown as PairRow;
      const found = mined[negativesKey] as string[];
      const items = Array.isArray(query) ? found.map((text) => ['', text]) : found;
      const kept = found.length === 0 ? row : withoutScores(row);
      return { ...kept, neg: [...(neg ?? []), ...items], ...minersFacts(mined, negativesKey) };
    },
  };
}

/** Leaves out a teacher's scores: there must be one for each text, and the teacher has not seen the negatives that were found. */
function withoutScores({ pos_scores: _pos, neg_scores: _neg, ...others }: DataRecord): DataRecord {
  return others;
}

/** The provenance and the details that the miner added to a record. */
export function minersFacts(mined: DataRecord, negativesKey: string): DataRecord {
  const keys = [`${negativesKey}_details`, defaultKeys.provenance];
  return Object.fromEntries(keys.filter((key) => mined[key] !== undefined).map((key) => [key, mined[key]]));
}

interface PairRow extends DataRecord {
  query: unknown;
  pos: unknown[];
  neg?: unknown[] | null;
}

function isPairRow(row: DataRecord): row is PairRow {
  const { query, pos, neg } = row;
  return isText(textOfItem(query)) && Array.isArray(pos) && (neg === undefined || neg === null || Array.isArray(neg));
}

/** Returns the text of a text or of a pair `[instruction, text]`. */
function textOfItem(item: unknown): unknown {
  return Array.isArray(item) ? item.at(-1) : item;
}
