// Question: how many of the mined negatives do the judges call relevant, how hard are they, and how fast are they mined, by rule?
// Fair because: every rule mines for the same questions from one open index, with the same positive (the best-ranked relevant
// document), after a round that warms up; near-duplicates of the positive are left out under every rule but the profiles.
// False shares come only from questions with two relevant documents or more: with one, which is the positive, they are 0 by
// definition. Unjudged documents count as negative, so true shares are higher.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Bm25HardNegOptions, bm25HardNeg, buildIndex, openIndex, readRecords } from '../src/index.js';
import { relevantDocuments } from './support/qrels.js';

const numNeg = 3;
/** `top` and `dissimilar` are compared at the end by processor time, which other programs change little: medians of alternating rounds. */
const speedRounds = 9;
const rules: [rule: string, options: Partial<Bm25HardNegOptions>][] = [
  ['best three', { sampling: 'top' }],
  ['best three, dataflow weighting', { sampling: 'top', weighting: 'dataflow' }],
  ...[5, 10, 20, 50].map((skipTop): [string, object] => [`skip the first ${skipTop}`, { sampling: 'top', skipTop }]),
  ...[0.95, 0.8, 0.7, 0.6, 0.5].map((maxScoreRatio): [string, object] => [
    `under ${maxScoreRatio} of the positive's score`,
    { sampling: 'top', maxScoreRatio },
  ]),
  ...[0.1, 0.06, 0.05].map((maxPositiveSimilarity): [string, object] => [
    `best of 100 of similarity under ${maxPositiveSimilarity}`,
    { sampling: 'top', maxPositiveSimilarity, candidateWindow: 100 },
  ]),
  ...[10, 20, 30, 50].map((candidateWindow): [string, object] => [
    `least similar of ${candidateWindow}${candidateWindow === 20 ? ' (default)' : ''}`,
    { candidateWindow },
  ]),
  ['any of 20', { sampling: 'random' }],
  ['profile dataflow', { profile: 'dataflow' }],
  ['profile reasonir', { profile: 'reasonir' }],
];

interface Judged {
  id: string;
  text: string;
  question: string;
  scenario: string;
  relevant: ReadonlySet<string>;
  bestScores: { lucene: number; dataflow: number };
}

const { values } = parseArgs({
  options: {
    corpus: { type: 'string' },
    queries: { type: 'string' },
    qrels: { type: 'string' },
    analyzer: { type: 'string' },
  },
});
const { corpus, queries, qrels, analyzer } = values;
if (!corpus || !queries || !qrels) {
  console.error('usage: npm run -s bench -- negatives --corpus FILE --queries FILE --qrels FILE [--analyzer NAME]');
  process.exit(2);
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-negatives-'));
await buildIndex(readRecords([corpus]), folder, { analyzer });
const index = await openIndex(folder);
const judged = await judgedQuestions();
const withSeveral = judged.filter(({ relevant }) => relevant.size > 1).length;
console.error(
  `${index.docCount} documents, ${judged.length} questions, ${withSeveral} with several relevant documents`,
);
await mined({ sampling: 'dissimilar' });
for (const [rule, options] of rules) {
  console.log(JSON.stringify({ bench: 'negatives', rule, ...(await mined(options)) }));
}
const cpuMs: Record<'top' | 'dissimilar', number[]> = { top: [], dissimilar: [] };
for (let round = 0; round < speedRounds; round++) {
  for (const sampling of ['top', 'dissimilar'] as const) {
    const before = process.cpuUsage();
    await mined({ sampling });
    const { user, system } = process.cpuUsage(before);
    cpuMs[sampling].push((user + system) / 1000 / judged.length);
  }
}
const [top, dissimilar] = [cpuMs.top, cpuMs.dissimilar].map((all) => all.sort((a, b) => a - b)[speedRounds >> 1]) as [
  number,
  number,
];
const speeds = {
  cpuMsPerQuestion: { top: rounded(top), dissimilar: rounded(dissimilar) },
  speedOfDissimilar: rounded(top / dissimilar),
};
console.log(JSON.stringify({ bench: 'negatives', ...speeds }));
await index.close();
rmSync(folder, { recursive: true });

/** Reads `queryId docId relevance` and gives each question its best-ranked relevant document as the positive. */
async function judgedQuestions(): Promise<Judged[]> {
  const relevant = relevantDocuments(qrels as string);
  const found: Judged[] = [];
  for await (const { id, text } of readRecords([queries as string])) {
    const ids = relevant.get(String(id));
    if (ids === undefined) continue;
    const question = String(text);
    const hits = await index.search(question, { k: 1000 });
    const docId = hits.find((hit) => ids.has(hit.id))?.docId ?? [...ids].flatMap((one) => index.docIds(one))[0];
    if (docId === undefined) continue;
    const best = async (weighting: 'lucene' | 'dataflow') =>
      (await index.search(question, { k: 2, weighting })).find((hit) => hit.docId !== docId)?.score ?? 0;
    found.push({
      id: index.id(docId),
      text: index.text(docId),
      question,
      scenario: '-',
      relevant: ids,
      bestScores: { lucene: await best('lucene'), dataflow: await best('dataflow') },
    });
  }
  return found;
}

/** Mines for every question by one rule: hardness is the mean score of negatives over the score of the best candidate. */
async function mined(options: Partial<Bm25HardNegOptions>) {
  const wanted = judged.length * (options.profile === 'reasonir' ? 1 : numNeg);
  let [taken, counted, wrong, hardness, answered] = [0, 0, 0, 0, 0];
  const operator = bm25HardNeg({ index, rejects: () => {}, ...options });
  const startedMs = performance.now();
  for await (const record of operator(records())) {
    const { relevant, bestScores, _rareflow: made } = record as unknown as Judged & { _rareflow: Provenance };
    const { negatives, weighting } = made.bm25_hard_neg;
    taken += negatives.length;
    const mean = negatives.reduce((sum, { score }) => sum + score, 0) / negatives.length;
    if (bestScores[weighting] > 0) {
      hardness += mean / bestScores[weighting];
      answered += 1;
    }
    if (relevant.size < 2) continue;
    counted += negatives.length;
    wrong += negatives.filter(({ id }) => relevant.has(id)).length;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    falseShare: counted === 0 ? null : rounded(wrong / counted),
    hardness: rounded(hardness / answered),
    shortfall: rounded(1 - taken / wanted),
    negativesPerSecond: Math.round(taken / seconds),
  };
}

interface Provenance {
  bm25_hard_neg: { weighting: 'lucene' | 'dataflow'; negatives: { id: string; score: number }[] };
}

async function* records() {
  for (const record of judged) yield { ...record };
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
