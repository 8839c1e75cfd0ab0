/**
 * Does the memory of a report stay flat, and the page small, for an output of any size? The bench generates the output of a run
 * from the examples' corpus: records with three negatives, tokens, scores and ranks, whose sentences are shuffled so that
 * nearly all texts differ. 1 in 50 is Chinese, and 1 in 100 has a fault that the report warns of. Then the real command reads
 * the output in its own process. Prints one line of JSON for each size.
 *
 * usage: npm run -s bench -- report [--records 100000,1000000] [--keep FOLDER]
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { seededRandom } from '../src/util/random.js';

const { values } = parseArgs({
  options: { records: { type: 'string', default: '100000,1000000' }, keep: { type: 'string' } },
});
const root = path.resolve(import.meta.dirname, '..');
const folder = values.keep ?? (await mkdtemp(path.join(os.tmpdir(), 'rareflow-bench-')));
mkdirSync(folder, { recursive: true });

const documents = readFileSync(path.join(root, 'examples/corpus.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as { title: string; text: string });
const sentences = documents.flatMap(({ text }) => text.match(/[^.;]+[.;]/g) ?? []).map((sentence) => sentence.trim());
const random = seededRandom('bench report');
const pick = <T>(items: T[]) => items[Math.floor(random() * items.length)] as T;
const some = (count: number) => Array.from({ length: count }, () => pick(sentences)).join(' ');
const wordsOf = (count: number) => some(4).split(/\W+/).slice(0, count).join(' ').toLowerCase();
/** About exp(normal): most near 1, some far above. */
const spread = () => Math.exp(((random() + random() + random()) * 2 - 3) * 0.6);

function question(id: number): string {
  if (id % 50 === 0) return `${pick(['潮汐', '桥梁', '合同'])}${id}为什么会随着月球的距离而变化，港口应当如何应对？`;
  if (id % 97 === 0) return `What does the document say about ${wordsOf(5)}?`;
  if (id % 211 === 0) return 'Why does the range of the tide grow along a bay?';
  return `Given ${wordsOf(6)}, why would ${wordsOf(5)} follow where ${wordsOf(4 + Math.floor(spread() * 4))}?`;
}

function record(id: number) {
  const positive = 4 + 9 * spread();
  const scores = [1, 2, 3].map(() => positive * (id % 120 === 0 ? 1.1 : 0.35 + 0.6 * random())).sort((a, b) => b - a);
  const finishReason = id % 150 === 0 ? 'length' : 'stop';
  const usage = (prompt: number, completion: number) => ({
    promptTokens: Math.round(prompt * spread()),
    completionTokens: Math.round(completion * spread()),
  });
  return {
    id: `d${id}`,
    title: pick(documents).title,
    text: some(6),
    question: question(id),
    scenario: some(1),
    hard_negatives: scores.map(() => some(5)),
    reasoning:
      id % 301 === 0 ? 'Because.' : `<think>${some(Math.ceil(8 * spread()))}</think>\n<answer>${some(2)}</answer>`,
    _rareflow: {
      doc2query: {
        model: 'teacher-8b',
        prompt: 'doc2query-1',
        attempts: 1 + Number(random() < 0.06),
        finishReason: 'stop',
        ...usage(620, 190),
      },
      bm25_hard_neg: {
        weighting: 'lucene',
        negatives: scores.map((score, at) => ({
          id: `d${Math.floor(random() ** 3 * id)}`,
          score,
          rank: at + 2 + Math.floor(random() * 6),
        })),
        positive: { rank: random() < 0.8 ? 1 : 2 + Math.floor(random() * 5), score: positive },
      },
      reason_distill: {
        model: 'teacher-70b',
        prompt: 'reason-distill-1',
        attempts: 1,
        finishReason,
        ...usage(1900, 850),
      },
    },
  };
}

function reject(id: number) {
  const [stage, reason, answer] = pick([
    ['doc2query', 'none of 3 answers could be read: no JSON object in the answer', 'I am sorry, I cannot do that.'],
    ['doc2query', 'the key "text" holds no text', undefined],
    [
      'bm25_hard_neg',
      'no negative is left: documents were left out by nearDuplicate (4), maxScoreRatio (16)',
      undefined,
    ],
    ['reason_distill', `the prompt has ${9000 + id} tokens, over the context of 8192`, undefined],
  ]);
  return { stage, reason, ...(answer && { attempts: 3, answer }), record: { id: `d${id}`, text: some(6) } };
}

function* lines(count: number, make: (id: number) => unknown) {
  for (let id = 1; id <= count; id++) yield `${JSON.stringify(make(id))}\n`;
}

for (const records of values.records.split(',').map(Number)) {
  const output = path.join(folder, `${records}.jsonl`);
  const write = (file: string, count: number, make: (id: number) => unknown) =>
    pipeline(Readable.from(lines(count, make), { highWaterMark: 64 }), createWriteStream(file));
  await write(output, records, record);
  await write(path.join(folder, `${records}.rejects.jsonl`), Math.round(records / 60), reject);
  const main = [process.execPath, '--import', 'tsx', path.join(root, 'src/cli/main.ts')];
  const [program = '', ...args] = [...main, 'report', output, '--stats'];
  const { status, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  const figuresLine = stderr.split('\n').find((line) => line.startsWith('{'));
  if (status !== 0 || figuresLine === undefined) throw new Error(`report failed: ${stderr}`);
  const figures = JSON.parse(figuresLine);
  if (figures.records !== records) throw new Error(`expected ${records} records, got ${figures.records}`);
  const { size } = await stat(output);
  console.log(
    JSON.stringify({
      bench: 'report',
      outputBytes: size,
      mbPerSecond: Math.round(size / figures.seconds / 1e6),
      ...figures,
    }),
  );
}
if (values.keep === undefined) await rm(folder, { recursive: true });
