import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { z } from 'zod';
import { exportRecords } from '../../src/export/exportRecords.js';
import type { FormatName } from '../../src/export/formatNames.js';
import { formats } from '../../src/export/formats.js';
import type { ExportOptions } from '../../src/export/options.js';
import { drain } from '../../src/flow/drain.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { openParquet } from '../../src/io/write/parquet.js';
import type { RowSchema } from '../../src/io/write/rowSchema.js';
import { writeFiles } from '../../src/io/write/writeFiles.js';
import type { DataRecord, Reject } from '../../src/record.js';
import { workFolder } from '../io/support.js';
import { columnTypes, duckdb, rowsThatDiffer } from '../support/duckdb.js';
import { loaders } from './loaders.js';

const record = (i: number, more: DataRecord = {}): DataRecord => ({
  id: `doc-${i}`,
  title: `Title ${i}`,
  text: `Glaciers carve valleys, text ${i}.`,
  question: `Why is valley ${i} wide?`,
  scenario: `A hiker stands in valley ${i}.`,
  hard_negatives: [`Rivers cut gorges ${i}.`, `Wind shapes dunes ${i}.`],
  reasoning: `<think>Ice is strong.</think>\n<answer>Ice widened it.</answer>`,
  rejected: ['<think>Rivers?</think>\n<answer>A river did.</answer>'],
  label: i % 2 === 0,
  _rareflow: {
    bm25_hard_neg: {
      negatives: [
        { id: `n-${i}-1`, score: 3 },
        { id: `n-${i}-2`, score: 2.5 },
      ],
      positive: { rank: 1, score: 7.25 },
    },
    reason_distill: { order: [2, 0, 1] },
  },
  ...more,
});
const records = (count: number) => Array.from({ length: count }, (_, i) => record(i));

/** Exports to a folder and gives the files' texts by their names. */
async function exported(t: TestContext, source: DataRecord[], options: Omit<ExportOptions, 'rejects'>) {
  const folder = (await workFolder(t))('dataset');
  await mkdir(folder);
  const rejected: Reject[] = [];
  const rejects = (reject: Reject) => void rejected.push(reject);
  const parts = exportRecords({ ...options, rejects })(
    (async function* () {
      yield* source;
    })(),
  );
  await drain(writeFiles({ pathOf: (file) => path.join(folder, file) })(parts));
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = new Map<string, string>();
  for (const { parentPath, name } of names) {
    const file = path.join(parentPath, name);
    files.set(path.relative(folder, file), await readFile(file, 'utf8'));
  }
  return { folder, files, rejected };
}

const rowsOf = (text = '') =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

for (const name of Object.keys(formats) as FormatName[]) {
  test(`every row of ${name} fits its schema, as JSONL and as parquet`, async (t) => {
    const { files, folder, rejected } = await exported(t, records(5), { format: name, numNeg: 2 });
    const rows = rowsOf(files.get('train.jsonl'));
    assert.equal(rows.length, name === 'triplet' ? 10 : 5);
    assert.deepEqual(rejected, []);
    const scores = formats[name].trains === 'retriever';
    const schema = formats[name].schema({ negatives: 2, scores, instruction: undefined });
    for (const row of rows) assert.deepEqual(z.strictObject((schema as z.ZodObject).shape).parse(row), row);
    for (const row of rows) loaders[name].parse(row);
    if (formats[name].readsFolders) return;
    const file = path.join(folder, 'rows.parquet');
    const sink = await openParquet(file, z.toJSONSchema(schema) as RowSchema);
    for (const row of rows) await sink.add(row);
    await sink.commit();
    const back: unknown[] = [];
    for await (const row of readRecords(file)) back.push(row);
    assert.deepEqual(back, rows);
    const jsonl = path.join(folder, 'train.jsonl');
    assert.equal(await rowsThatDiffer(jsonl, file), 0);
    assert.deepEqual(Object.keys(await columnTypes(jsonl)), Object.keys((schema as z.ZodObject).shape));
  });
}

const one = async (t: TestContext, options: Omit<ExportOptions, 'rejects'>, source = [record(1)]) =>
  rowsOf((await exported(t, source, options)).files.get('train.jsonl'))[0];

test('the documents are in the order that the teacher saw', async (t) => {
  const { messages } = await one(t, { format: 'messages' });
  const asked: string = messages[1].content;
  const places = ['Wind shapes', 'Glaciers carve', 'Rivers cut'].map((words) => asked.indexOf(words));
  assert.ok(
    places.every((place, i) => place > (places[i - 1] ?? 0)),
    String(places),
  );
  assert.match(asked, /A hiker stands/);
});

test('thinking without an answer makes no row if thinking is dropped or wrapped', async (t) => {
  for (const reasoning of [
    '<think>only this</think>',
    '<think>only this</think><answer> </answer>',
    '<think>cut off',
  ]) {
    for (const thinking of ['drop', 'wrap'] as const) {
      const { files, rejected } = await exported(t, [{ ...record(1), reasoning }], { format: 'rare-sft', thinking });
      assert.equal(files.size, 0);
      assert.match(`${rejected[0]?.reason}`, /thinking alone/);
    }
  }
});

test('thinking is kept with its tags, wrapped before a bare answer, or dropped', async (t) => {
  const said = async (thinking: 'keep' | 'wrap' | 'drop') => (await one(t, { format: 'rare-sft', thinking })).predict;
  assert.equal(await said('keep'), '<think>Ice is strong.</think>\n<answer>Ice widened it.</answer>');
  assert.equal(await said('wrap'), '<think>\nIce is strong.\n</think>\n\nIce widened it.');
  assert.equal(await said('drop'), 'Ice widened it.');
});

test('the scenario precedes the query only if requested or if the format has it', async (t) => {
  const asked = async (options: Omit<ExportOptions, 'rejects'>) => (await one(t, options)).query;
  assert.equal(await asked({ format: 'flagembedding' }), 'Why is valley 1 wide?');
  assert.equal(await asked({ format: 'reasonir' }), 'A hiker stands in valley 1. Why is valley 1 wide?');
  assert.equal(await asked({ format: 'reasonir', scenario: false }), 'Why is valley 1 wide?');
  assert.doesNotMatch((await one(t, { format: 'rare-sft', scenario: false })).instruction, /hiker/);
});

test('a custom system prompt replaces the instructions, and an empty one removes them', async (t) => {
  const own = await one(t, { format: 'messages', systemPrompt: 'Think.' });
  assert.deepEqual(own.messages[0], { role: 'system', content: 'Think.' });
  const none = await one(t, { format: 'messages', systemPrompt: '' });
  assert.deepEqual(
    none.messages.map(({ role }: { role: string }) => role),
    ['user', 'assistant'],
  );
});

test('tevatron keeps the ids of the positive and of the mined negatives', async (t) => {
  const row = await one(t, { format: 'tevatron' });
  assert.deepEqual(row.positive_passages[0], {
    docid: 'doc-1',
    // No title: those of negatives are not known, and the loader adds them to the text.
    text: 'Glaciers carve valleys, text 1.',
    score: 7.25,
  });
  assert.deepEqual(
    row.negative_passages.map(({ docid }: { docid: string }) => docid),
    ['n-1-1', 'n-1-2'],
  );
});

test('all records of one document are in one split, and the share is kept', async (t) => {
  const twice = records(1000).flatMap((each) => [each, { ...each, question: `${each.question} And why?` }]);
  const { files } = await exported(t, twice, { format: 'triplet', validation: 0.2, seed: 7 });
  const positives = (file: string) => new Set(rowsOf(files.get(file)).map(({ positive }) => positive));
  const [train, held] = [positives('train.jsonl'), positives('validation.jsonl')];
  assert.equal(train.size + held.size, 1000);
  assert.ok(held.size > 150 && held.size < 250, `${held.size} of 1000`);
  assert.ok([...held].every((text) => !train.has(text)));
  const again = await exported(t, twice, { format: 'triplet', validation: 0.2, seed: 7 });
  assert.deepEqual(again.files, files);
});

test('the qrels of BEIR name existing queries and documents, and each document is written once', async (t) => {
  const shared = { hard_negatives: ['Rivers cut gorges.'], _rareflow: { bm25_hard_neg: { negatives: [{ id: 'n' }] } } };
  const source = [record(1, { ...shared, id: 'doc\t1' }), record(2, shared), record(2, shared)];
  const { files, rejected } = await exported(t, source, { format: 'beir' });
  const documents = rowsOf(files.get('corpus.jsonl')).map(({ _id }) => _id);
  const queries = rowsOf(files.get('queries.jsonl')).map(({ _id }) => _id);
  assert.deepEqual(documents, ['doc%091', 'n', 'doc-2']);
  const [header, ...qrels] = (files.get('qrels/train.tsv') ?? '').trimEnd().split('\n');
  assert.equal(header, 'query-id\tcorpus-id\tscore');
  assert.deepEqual(qrels, [`${queries[0]}\tdoc%091\t1`, `${queries[1]}\tdoc-2\t1`]);
  assert.match(rejected[0]?.reason ?? '', /came before/);
});

test('dpo takes the samples that reason-distill refused, if no other key holds worse answers', async (t) => {
  const refused = record(1, { label: true, rejected: undefined, refused_reasoning: ['wrong', 'wrong too'] });
  const { rejected, files } = await exported(t, [refused], { format: 'dpo' });
  assert.deepEqual(rejected, []);
  const rows = rowsOf(files.get('train.jsonl')) as { rejected: { content: string }[] }[];
  assert.deepEqual(
    rows.map((row) => row.rejected[0]?.content),
    ['wrong', 'wrong too'],
  );
});

test('a record that does not fit the format is rejected with its reason', async (t) => {
  const cases: [ExportOptions['format'], DataRecord, RegExp][] = [
    ['messages', record(1, { reasoning: null }), /"reasoning" holds no text/],
    ['kto', record(1, { label: 'yes' }), /"label" holds no true or false/],
    ['n-tuple', record(1, { hard_negatives: ['one'] }), /1 negatives, the format takes 3/],
    ['triplet', record(1, { hard_negatives: [] }), /no negatives/],
    ['flagembedding', record(1, { hard_negatives: [] }), /no negatives/],
    ['reasonir', record(1, { hard_negatives: undefined }), /no negatives/],
    ['tevatron', record(1, { hard_negatives: [] }), /no negatives/],
    ['trl-kto', record(1, { label: 1 }), /"label" holds no true or false/],
    ['prompt-completion', record(1, { reasoning: '' }), /"reasoning" holds no text/],
    ['dpo', record(1, { rejected: [] }), /"rejected" holds no text and no list of texts/],
    ['dpo', record(1, { label: false, rejected: undefined }), /its own reasoning was refused/],
    ['tevatron', record(1, { question: ' ' }), /"question" holds no question/],
    ['reasonir', record(1, { hard_negatives: 'one' }), /"hard_negatives" holds no list/],
  ];
  for (const [format, bad, reason] of cases) {
    const good = record(2, { hard_negatives: ['a', 'b', 'c'] });
    const { rejected, files } = await exported(t, [bad, good], { format, scores: false });
    assert.equal(rejected.length, 1);
    assert.match(rejected[0]?.reason ?? '', reason);
    assert.deepEqual(rejected[0]?.record, bad);
    assert.ok(rowsOf(files.get('train.jsonl')).length > 0);
  }
});

test('a source that fails leaves only partial files', async (t) => {
  const folder = (await workFolder(t))('');
  async function* failing() {
    yield record(1);
    await writeFile(path.join(folder, 'seen'), '');
    throw new Error('no more');
  }
  const parts = exportRecords({ format: 'messages' })(failing());
  await assert.rejects(drain(writeFiles({ pathOf: (file) => path.join(folder, file) })(parts)), /no more/);
  assert.deepEqual((await readdir(folder)).sort(), ['seen', 'train.jsonl.partial']);
});

test('rows have the scores of the positive and the negatives, unless they are left out or unknown', async (t) => {
  const columns: [ExportOptions['format'], DataRecord][] = [
    ['flagembedding', { pos_scores: [7.25], neg_scores: [3, 2.5] }],
    ['reasonir', { pos_scores: [7.25], neg_scores: [3, 2.5] }],
    ['triplet', { label: [7.25, 3] }],
    ['n-tuple', { label: [7.25, 3, 2.5] }],
  ];
  const anonymous = { ...record(1), _rareflow: undefined };
  for (const [format, scores] of columns) {
    const options = { format, numNeg: 2 };
    assert.deepEqual({ ...(await one(t, options)), ...scores }, await one(t, options));
    for (const bare of [await one(t, { ...options, scores: false }), await one(t, options, [anonymous])]) {
      assert.deepEqual(
        Object.keys(scores).filter((key) => key in bare),
        [],
      );
    }
  }
  const { rejected } = await exported(t, [record(1), anonymous], { format: 'triplet' });
  assert.match(rejected[0]?.reason ?? '', /no scores of its positive and negatives/);
});

test('an instruction makes pairs for reasonir and the prompt of flagembedding, and no other format has one', async (t) => {
  const instruction = 'Find what explains it.';
  const row = await one(t, { format: 'reasonir', instruction, scores: false });
  assert.deepEqual(row, {
    query: [instruction, 'A hiker stands in valley 1. Why is valley 1 wide?'],
    pos: [['', 'Glaciers carve valleys, text 1.']],
    neg: [
      ['', 'Rivers cut gorges 1.'],
      ['', 'Wind shapes dunes 1.'],
    ],
  });
  loaders.reasonir.parse(row);
  assert.equal((await one(t, { format: 'flagembedding', instruction })).prompt, instruction);
  assert.throws(() => exportRecords({ format: 'triplet', instruction }), /the format triplet has no instruction/);
});

test('without a system role the instructions are at the start of the user message', async (t) => {
  const roles = async (format: ExportOptions['format'], key: string) =>
    (await one(t, { format, systemInUser: true }))[key].map(({ role }: { role: string }) => role);
  assert.deepEqual(await roles('messages', 'messages'), ['user', 'assistant']);
  assert.deepEqual(await roles('prompt-completion', 'prompt'), ['user']);
  const [usual, merged] = await Promise.all(
    [false, true].map(async (systemInUser) => (await one(t, { format: 'messages', systemInUser })).messages),
  );
  assert.equal(merged[0].content, `${usual[0].content}\n\n${usual[1].content}`);
  assert.equal((await one(t, { format: 'sharegpt', systemInUser: true })).system, '');
});

test('the splits of a format whose trainer reads whole folders have folders of their own', async (t) => {
  for (const format of ['flagembedding', 'reasonir'] as const) {
    const { files } = await exported(t, records(50), { format, validation: 0.2 });
    assert.deepEqual([...files.keys()].sort(), ['train/train.jsonl', 'validation/validation.jsonl']);
  }
});

test('the ids of BEIR survive a reader of .tsv, and documents that share an id stay apart', async (t) => {
  const ids = [
    '"quoted',
    'tab\there',
    'tab%09here',
    'line\nend',
    ' ends ',
    'plain id',
    '50% off',
    'same',
    'same',
    '1',
    1,
  ];
  const source = ids.map((id, n) =>
    record(n, { id, hard_negatives: [`Negative ${n}.`], _rareflow: { bm25_hard_neg: { negatives: [{ id: 'neg' }] } } }),
  );
  const { folder, files, rejected } = await exported(t, source, { format: 'beir' });
  assert.deepEqual(rejected, []);
  const documents = rowsOf(files.get('corpus.jsonl')) as { _id: string; text: string }[];
  assert.equal(new Set(documents.map(({ _id }) => _id)).size, 2 * ids.length);
  assert.ok(documents.some(({ _id }) => _id === 'plain id') && documents.some(({ _id }) => _id === '50% off'));
  const found = await duckdb(
    `SELECT d.text FROM read_csv('${path.join(folder, 'qrels/train.tsv')}', delim = '\t', all_varchar = true) AS q
     JOIN read_json('${path.join(folder, 'corpus.jsonl')}') AS d ON d._id = q."corpus-id"`,
  );
  assert.deepEqual(found.map(({ text }) => text).sort(), source.map(({ text }) => text).sort());
});

test('a question about several documents is one query of BEIR with several judgements', async (t) => {
  const question = 'which drug lowers fever';
  const { files } = await exported(t, [record(1, { question }), record(2, { question })], { format: 'beir' });
  assert.equal(rowsOf(files.get('queries.jsonl')).length, 1);
  const [, ...qrels] = (files.get('qrels/train.tsv') ?? '').trimEnd().split('\n');
  assert.deepEqual(
    qrels.map((line) => line.split('\t')[1]),
    ['doc-1', 'doc-2'],
  );
});
