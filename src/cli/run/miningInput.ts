import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { beirForm, readQrels } from '../../chain/beirQueries.js';
import { UsageError } from '../../errors.js';
import { isBeirFolder } from '../../io/read/inputFiles.js';
import { readRecords } from '../../io/read/readRecords.js';
import { pairForm, type RowForm } from '../../operators/bm25HardNeg/mineRows.js';
import { findSharedPositives, type SharedPositives } from '../../operators/bm25HardNeg/sharedPositives.js';
import type { DataRecord } from '../../record.js';
import type { Searcher } from '../../search/searcher.js';
import { formatCount } from '../progress/terminal.js';
import { inputPaths } from './streamFiles.js';

interface MiningFlags {
  questionKey: string;
  textKey: string;
  idKey: string;
  negativesKey: string;
  qrels?: string | undefined;
  groupQuestions?: boolean | undefined;
  profile?: string | undefined;
}

export interface MiningInput {
  paths: string[];
  form: RowForm;
  /** True if the form needs the miner's details. */
  details: boolean;
}

/** Returns the files to mine for and the form of their rows: records and `{query, pos, neg}`, or the queries of a BEIR folder. */
export async function miningInput(inputs: string[], flags: MiningFlags, index: Searcher): Promise<MiningInput> {
  const folder = inputs.find(isBeirFolder);
  if (folder === undefined) {
    if (flags.qrels !== undefined)
      throw new UsageError('--qrels needs a BEIR folder as input: queries.jsonl and qrels/');
    return { paths: await inputPaths(inputs), form: pairForm(flags), details: false };
  }
  if (inputs.length > 1)
    throw new UsageError('a BEIR folder is mined for alone', { hint: `leave out the other inputs` });
  const qrels = await readQrels(flags.qrels ?? qrelsOf(folder));
  return { paths: [path.join(folder, 'queries.jsonl')], form: beirForm(index, qrels, flags), details: true };
}

function qrelsOf(folder: string): string {
  const names = readdirSync(path.join(folder, 'qrels')).filter((name) => name.endsWith('.tsv'));
  const name = names.includes('train.tsv') ? 'train.tsv' : names[0];
  if (name !== undefined && (names.length === 1 || name === 'train.tsv')) return path.join(folder, 'qrels', name);
  const found = names.length === 0 ? 'no .tsv' : names.join(', ');
  throw new UsageError(`${path.join(folder, 'qrels')} holds ${found}`, { hint: 'name the judgements: --qrels FILE' });
}

/** Finds the questions that several records ask, in a pass of its own over files; undefined for what can be read once. */
export async function sharedPositivesOf(
  paths: string[],
  { groupQuestions, ...keys }: MiningFlags,
  form: RowForm,
): Promise<SharedPositives | undefined> {
  const once = paths.find((file) => file === '-' || statSync(file, { throwIfNoEntry: false })?.isFile() !== true);
  if (once !== undefined && groupQuestions === true) {
    throw new UsageError(
      `--group-questions reads the input twice, and ${once === '-' ? 'stdin' : once} can be read once`,
      {
        hint: 'write the records to a file first',
      },
    );
  }
  // A profile chooses as its tool does, which knows nothing of other records.
  if (once !== undefined || groupQuestions === false || keys.profile !== undefined) return undefined;
  // What cannot be read or used is rejected when the records are mined for.
  const records = () => readRecords(paths, { onBadLine: 'reject', rejects: () => {} });
  const rows: AsyncIterable<DataRecord> = {
    async *[Symbol.asyncIterator]() {
      for await (const record of records()) {
        try {
          yield form.toRecord(record);
        } catch {}
      }
    },
  };
  return await findSharedPositives(rows, keys);
}

/** Lines for the end of a run. */
export function sharedLines(shared: SharedPositives | undefined): string[] {
  if (shared === undefined || shared.size === 0) return [];
  const questions = shared.size === 1 ? '1 question has' : `${formatCount(shared.size)} questions have`;
  return [`  ${questions} documents in several records: none of them is a negative of another`];
}
