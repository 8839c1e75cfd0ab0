import assert from 'node:assert/strict';
import test from 'node:test';
import { drain } from '../../src/flow/drain.js';
import { writeJsonl } from '../../src/io/write/writeJsonl.js';
import { bm25HardNeg } from '../../src/operators/bm25HardNeg/bm25HardNeg.js';
import { doc2Query } from '../../src/operators/doc2Query/doc2Query.js';
import { reasonDistill } from '../../src/operators/reasonDistill/reasonDistill.js';
import { type DataRecord, isRecord } from '../../src/record.js';
import { workFolder } from '../io/support.js';
import { columnTypes, duckdb, tableOf } from '../support/duckdb.js';
import { memorySearcher } from '../support/memorySearcher.js';
import { scriptedModel } from '../support/models.js';
import { collect } from '../support/sources.js';

const topics = ['tide', 'moon', 'harbour', 'river', 'glacier', 'dune'];
const documents = topics.map((topic, n) => ({
  id: `d${n}`,
  // The first documents match few others, the later ones more: some records lack negatives.
  text: `${topic} ${topics.slice(0, n).join(' ')}`,
}));

/** Answers as servers differ: with and without usage details, thinking and scenarios. */
const uneven = () =>
  scriptedModel((_, call) => {
    const usage = [
      { promptTokens: 10, completionTokens: 5 },
      { promptTokens: 10, completionTokens: 5, cachedTokens: 4 },
      { promptTokens: 10, completionTokens: 5, reasoningTokens: 3 },
      { promptTokens: 10, completionTokens: 5, estimated: true },
    ][call % 4] as { promptTokens: number; completionTokens: number };
    const topic = topics[call % topics.length];
    const text =
      call % 2 === 0
        ? JSON.stringify({ questions: [`why ${topic}`, `how ${topic}`] })
        : JSON.stringify({
            hard_query: [0, 1].map((n) => ({ question: `why ${topic} ${n}`, scenario: `at the ${topic}` })),
          });
    const thinking = call % 3 === 0 ? { text: 'hm', source: 'reasoning_content' as const } : undefined;
    return { text, usage, cached: call % 5 === 0, ...(thinking && { thinking }) };
  });

/** Returns a value's own structure, with the name of its type in place of each text, number and boolean. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return { items: value.length === 0 ? null : shapeOf(value[0]) };
  if (!isRecord(value)) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, shapeOf(held)]));
}

/** Returns the path of the first value whose type is another in the other shape; null fits every type. */
function differenceOf(a: unknown, b: unknown, path = ''): string | undefined {
  if (a === null || b === null) return undefined;
  if (!isRecord(a) || !isRecord(b)) return a === b ? undefined : path;
  if (String(Object.keys(a)) !== String(Object.keys(b))) return `${path}: ${Object.keys(a)} / ${Object.keys(b)}`;
  return Object.keys(a)
    .map((key) => differenceOf(a[key], b[key], `${path}.${key}`))
    .find((found) => found !== undefined);
}

test('every record of a chain has the same keys with the same types, however the answers differ, and DuckDB infers one schema', async (t) => {
  const index = memorySearcher(documents);
  const questions = doc2Query({ model: uneven(), queriesPerDoc: 2, promptTemplate: '{{text}}' })(documents);
  const mined = bm25HardNeg({ index, details: true, containment: false })(questions);
  const records: DataRecord[] = await collect(reasonDistill({ model: uneven(), scenarioKey: '' })(mined));
  const provenance = records.map(({ _rareflow }) => _rareflow as Record<string, DataRecord>);
  const distinct = (stage: string, key: string) => new Set(provenance.map((one) => JSON.stringify(one[stage]?.[key])));
  for (const [stage, key] of [
    ['doc2query', 'thinking'],
    ['doc2query', 'cachedTokens'],
    ['doc2query', 'sharesAnswer'],
    ['bm25_hard_neg', 'shortfall'],
    ['reason_distill', 'reasoningTokens'],
    ['reason_distill', 'estimated'],
  ] as const) {
    assert.ok(distinct(stage, key).size > 1, `the records differ in ${stage}.${key}`);
  }
  const [first, ...others] = records.map(shapeOf);
  for (const other of others) assert.equal(differenceOf(first, other), undefined);

  const file = (await workFolder(t))('out.jsonl');
  await drain(writeJsonl(file)(records));
  const types = await columnTypes(file);
  assert.deepEqual(Object.keys(types), Object.keys(records[0] ?? {}));
  assert.match(
    String(types.hard_negatives_details),
    /^STRUCT\(negatives STRUCT\(id VARCHAR, .*\)\[\], positive STRUCT/,
  );
  // These are null, or an empty list, in each record.
  const typed = JSON.stringify(types).replace(/(servedModel|answerFrom|cut) JSON|repairs JSON\[\]/g, '');
  assert.doesNotMatch(typed, /JSON|MAP/, 'no column has values of several types');
  const [sums] = await duckdb(
    `SELECT sum(_rareflow.reason_distill.promptTokens)::INTEGER AS tokens, count(DISTINCT id)::INTEGER AS documents FROM ${tableOf(file)}`,
  );
  assert.deepEqual(sums, { tokens: 10 * records.length, documents: new Set(records.map(({ id }) => id)).size });
});
