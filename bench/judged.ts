// Question: what do judges make of mined negatives: how many are false, how hard are they, how many are missing, at how many calls?
// Fair because: every row mines for the same questions from one open index and judges what was mined; the judge answers from the
// collection's own judgements (documents that nobody judged are not answers), flips 10 % of its verdicts both ways where the row
// says so, and the second model does not. The positive is the best-ranked relevant document. False shares come only from
// questions with two relevant documents or more, and from the negatives that are left; hardness as in the bench negatives.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ChatModel } from '../src/index.js';
import {
  bm25HardNeg,
  buildIndex,
  type JudgeNegativesOptions,
  judgeNegatives,
  openIndex,
  readRecords,
} from '../src/index.js';
import { Judgements } from '../src/standIn/answers/judgements.js';
import { collectionKinds, writeJudgedCollection } from './support/judgedCollection.js';
import { relevantDocuments } from './support/qrels.js';

const numNeg = 3;

interface Setting {
  row: string;
  spare: number;
  /** Errors of the judge; undefined for no judge. */
  errors?: number;
  cascade?: boolean;
  options?: Partial<JudgeNegativesOptions>;
}

const settings: Setting[] = [
  { row: 'no judge', spare: 0 },
  ...[0, 3, 5, 7].map((spare): Setting => ({ row: 'judge', spare, errors: 0 })),
  ...[0, 3, 5, 7].map((spare): Setting => ({ row: 'judge that errs in 10 %', spare, errors: 0.1 })),
  ...[0, 3, 5, 7].map((spare): Setting => ({ row: 'cascade', spare, errors: 0.1, cascade: true })),
  { row: 'cascade, all flagged confirmed', spare: 5, errors: 0.1, cascade: true, options: { confirmWhen: 'flagged' } },
  { row: 'judge, on false drop', spare: 5, errors: 0, options: { onFalse: 'drop' } },
  { row: 'judge, on false reject', spare: 5, errors: 0, options: { onFalse: 'reject' } },
];

interface JudgedQuestion {
  id: string;
  text: string;
  question: string;
  relevant: ReadonlySet<string>;
  best: number;
}

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    queries: { type: 'string' },
    qrels: { type: 'string' },
    analyzer: { type: 'string' },
    sampling: { type: 'string' },
    'candidate-window': { type: 'string' },
    build: { type: 'string' },
    documents: { type: 'string', default: '20000' },
    questions: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    output: { type: 'string', short: 'o' },
  },
});
const { corpus, queries, qrels, analyzer, output } = values;
const kind = collectionKinds.find((name) => name === values.build);
if (corpus && output && kind) {
  const [documents, questions, seed] = [values.documents, values.questions, values.seed].map(Number) as [
    number,
    number,
    number,
  ];
  await writeJudgedCollection(output, { kind, corpus, documents, questions, seed });
  process.exit();
}
const candidateWindow = values['candidate-window'] === undefined ? undefined : Number(values['candidate-window']);
const sampling = values.sampling as 'top' | 'random' | 'dissimilar' | undefined;
if (!corpus || !queries || !qrels) {
  console.error(
    `usage: npm run -s bench -- judged --corpus FILE --queries FILE --qrels FILE [--analyzer NAME] [--sampling NAME] [--candidate-window N]
or, to make such files of a corpus with titles: judged --build ${collectionKinds.join('|')} --corpus FILE -o FOLDER [--documents N] [--questions N] [--seed N]`,
  );
  process.exit(2);
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-judged-'));
await buildIndex(readRecords([corpus]), folder, { analyzer });
const index = await openIndex(folder);
const { asked, labels, possible } = await judgedCollection();
console.error(`${index.docCount} documents, ${asked.length} questions`);
console.log(JSON.stringify({ bench: 'judged', row: 'the best that there are', ...possible }));
for (const setting of settings) console.log(JSON.stringify({ bench: 'judged', ...(await measured(setting)) }));
await index.close();
rmSync(folder, { recursive: true });

/**
 * Reads `queryId docId relevance`, gives each question its best-ranked relevant document, and labels all relevant ones. `possible` is what
 * choosing by the labels would give: the best-ranked that are not relevant, and how many are missing because nothing else has a word of
 * the question.
 */
async function judgedCollection() {
  const relevant = relevantDocuments(qrels as string);
  const asked: JudgedQuestion[] = [];
  const labels: object[] = [];
  let [hardness, withNegatives, missing] = [0, 0, 0];
  for await (const { id, text } of readRecords([queries as string])) {
    const ids = relevant.get(String(id));
    if (ids === undefined) continue;
    const question = String(text);
    const docIds = [...ids].flatMap((one) => index.docIds(one));
    const hits = await index.search(question, { k: 1000 });
    const docId = hits.find((hit) => ids.has(hit.id))?.docId ?? docIds[0];
    if (docId === undefined) continue;
    for (const one of docIds) labels.push({ question, document: index.text(one), verdict: 'answers' });
    const best = hits.find((hit) => hit.docId !== docId)?.score ?? 0;
    asked.push({ id: index.id(docId), text: index.text(docId), question, relevant: ids, best });
    const negatives = hits.filter(({ id }) => !ids.has(id)).slice(0, numNeg);
    missing += numNeg - negatives.length;
    if (negatives.length === 0) continue;
    withNegatives += 1;
    hardness += negatives.reduce((sum, { score }) => sum + score / best, 0) / negatives.length;
  }
  const possible = {
    hardness: Number((hardness / withNegatives).toFixed(3)),
    shortfall: Number((missing / (numNeg * asked.length)).toFixed(3)),
  };
  return { asked, labels, possible };
}

/** A model that answers from labels, and counts its calls. */
function labelJudge(errors: number): ChatModel & { calls: number } {
  const judgements = new Judgements(labels, { errors, seed: 1 });
  return {
    name: `labels with ${errors} errors`,
    calls: 0,
    async complete({ messages }) {
      this.calls += 1;
      const usage = { promptTokens: 0, completionTokens: 0 };
      return { text: judgements.write(messages), model: this.name, finishReason: 'stop', usage, attempts: 1 };
    },
  };
}

async function measured({ row, spare, errors, cascade, options }: Setting) {
  const judge = labelJudge(errors ?? 0);
  const confirm = labelJudge(0);
  const rejects = () => {};
  const mine = bm25HardNeg({ index, rejects, numNeg, spare, sampling, candidateWindow });
  const mined = mine(asked.map((one) => ({ ...one })));
  const confirmModel = cascade ? confirm : undefined;
  const judged =
    errors === undefined ? mined : judgeNegatives({ model: judge, confirmModel, numNeg, rejects, ...options })(mined);
  let [records, taken, counted, wrong, hardness, relabelled, wrongPositives] = [0, 0, 0, 0, 0, 0, 0];
  for await (const record of judged as AsyncIterable<Made>) {
    const { relevant, best, _rareflow: made, positives = [] } = record;
    const { negatives } = made.bm25_hard_neg;
    const left = (made.judge_negatives?.kept ?? negatives.map((_, place) => place)).map(
      (place) => negatives[place] as Mined,
    );
    records += 1;
    taken += left.length;
    hardness += best > 0 ? left.reduce((sum, { score }) => sum + score / best, 0) / left.length : 1;
    relabelled += positives.length;
    wrongPositives += positives.filter(({ id }) => !relevant.has(id)).length;
    if (relevant.size < 2) continue;
    counted += left.length;
    wrong += left.filter(({ id }) => relevant.has(id)).length;
  }
  return {
    row,
    spare,
    falseShare: counted === 0 ? null : Number((wrong / counted).toFixed(3)),
    hardness: Number((hardness / records).toFixed(3)),
    shortfall: Number((1 - taken / (numNeg * asked.length)).toFixed(3)),
    judgeCalls: Number((judge.calls / asked.length).toFixed(3)),
    confirmCalls: Number((confirm.calls / asked.length).toFixed(3)),
    positives: Number((relabelled / asked.length).toFixed(3)),
    wrongPositives: relabelled === 0 ? null : Number((wrongPositives / relabelled).toFixed(3)),
  };
}

interface Mined {
  id: string;
  score: number;
}

interface Made extends JudgedQuestion {
  positives?: Mined[];
  _rareflow: { bm25_hard_neg: { negatives: Mined[] }; judge_negatives?: { kept: number[] } };
}
