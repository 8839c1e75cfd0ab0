import assert from 'node:assert/strict';
import test from 'node:test';
import { readBenchmarks } from '../../../src/chain/benchmarkFiles.js';
import { BenchmarkNgrams } from '../../../src/operators/decontaminate/benchmarkNgrams.js';
import { decontaminate } from '../../../src/operators/decontaminate/decontaminate.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { collect, watched } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const words = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `${String.fromCharCode(97 + ((from + n) % 26))}word${from + n}`).join(' ');
const han =
  '冰川缓慢地沿着山谷向下移动把石头带到海边经过许多年以后山谷变得又宽又深河流沿着它流淌最后汇入大海人们在谷底建起村庄和道路';

const cases: [name: string, benchmark: string, text: string, isShared: boolean][] = [
  ['13 words in the middle', words(0, 40), `x ${words(10, 13)} y`, true],
  ['13 words with other marks and case', words(0, 40), words(10, 13).toUpperCase().replaceAll(' ', ', '), true],
  ['12 words of a longer text', words(0, 40), `x ${words(10, 12)} y`, false],
  ['a whole question of 9 words', words(0, 9), `x ${words(0, 9)} y`, true],
  ['a whole question of 7 words', words(0, 7), words(0, 7), false],
  ['50 characters of Han', han, `开头${han.slice(3, 53)}结尾`, true],
  ['49 characters of Han', han, `开头${han.slice(3, 52)}结尾`, false],
  ['a short question in Han', han.slice(0, 30), `开头${han.slice(0, 30)}结尾`, true],
  ['other words', words(0, 40), words(100, 40), false],
];
for (const [name, benchmark, text, isShared] of cases) {
  test(`a text ${isShared ? 'is found to share' : 'is not found by'} ${name}`, () => {
    const ngrams = new BenchmarkNgrams();
    ngrams.add('bench.jsonl', benchmark);
    assert.equal(ngrams.find(text)?.name, isShared ? 'bench.jsonl' : undefined);
  });
}

test('decontaminate rejects records by their documents or questions, and names the words and the file', async (t) => {
  const folder = workFolder(t);
  const file = writeRecords(folder, 'bench.jsonl', [{ q: [{ inner: words(0, 20) }] }]);
  const benchmarks = await readBenchmarks([file]);
  const records: DataRecord[] = [
    { n: 0, text: words(50, 30) },
    { n: 1, text: words(2, 13) },
    { n: 2, text: words(50, 30), question: words(3, 13) },
    { n: 3, question: 'no text' },
  ];
  const checked = async (check: 'all' | 'documents' | 'questions') => {
    const rejects: Reject[] = [];
    const operator = decontaminate({ benchmarks, check, rejects: (one) => void rejects.push(one) });
    const kept = (await collect(operator(watched(records)))).map(({ n }) => n);
    assert.equal(kept.length + rejects.length, records.length);
    return { kept, rejects };
  };
  const { kept, rejects } = await checked('all');
  assert.deepEqual(kept, [0]);
  assert.equal(rejects[1]?.reason, `its question shares "${words(3, 13)}" with ${file}`);
  assert.deepEqual((await checked('documents')).kept, [0, 2]);
  assert.deepEqual((await checked('questions')).kept, [3]);
});
