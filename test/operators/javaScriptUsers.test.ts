import assert from 'node:assert/strict';
import test from 'node:test';
import { RareflowError } from '../../src/errors.js';
import { bm25HardNeg, doc2Query, openIndex, reasonDistill, writeJsonl } from '../../src/index.js';
import { hardQuery, scriptedModel } from '../support/models.js';
import { collect } from '../support/sources.js';

// These calls do not compile: a JavaScript user makes them.
const untyped = { doc2Query, bm25HardNeg, reasonDistill } as unknown as Record<
  string,
  (options?: unknown) => (source: unknown) => AsyncIterable<unknown>
>;
const { doc2Query: query, bm25HardNeg: mine, reasonDistill: distill } = untyped as Required<typeof untyped>;
const model = scriptedModel(() => hardQuery('Why?'));
const stringModel = { name: 'mine', complete: async () => 'an answer' };

const calls: [what: string, call: () => unknown, message: RegExp, hint?: RegExp][] = [
  [
    'a missing model',
    () => query?.(),
    /^doc2Query: the option model is missing$/,
    /^it must be a ChatModel, such as createModel\(\{ model: 'gpt-4o-mini' \}\)$/,
  ],
  [
    'the name of a model',
    () => distill?.({ model: 'gpt-4o-mini' }),
    /^reasonDistill: model must be a ChatModel, such as/,
  ],
  [
    'the path of an index',
    () => mine?.({ index: 'corpus.bm25' }),
    /^bm25HardNeg: index must be an open index: await openIndex\('corpus.bm25'\), got the string "corpus.bm25"$/,
  ],
  ['a promise of an index', () => mine?.({ index: Promise.resolve() }), /index must be an open index: await openIndex/],
  [
    'no path of an index',
    () => openIndex(undefined as unknown as string),
    /^openIndex: path must be the folder of an index, got undefined$/,
  ],
  [
    'a number as output',
    () => writeJsonl(5 as unknown as string),
    /^the target of writeJsonl must be a path, '-' or a Writable, got 5$/,
  ],
  [
    'an unknown option',
    () => query?.({ model, queriesPerDocs: 2 }),
    /^doc2Query has no option "queriesPerDocs"$/,
    /^did you mean queriesPerDoc\?$/,
  ],
  [
    'a number as text',
    () => query?.({ model, concurrency: '4' }),
    /concurrency must be a whole number >= 1, got the string/,
  ],
  ['a path as source', () => query?.({ model })('corpus.jsonl'), /source of doc2query must be an iterable of records/],
  ['no source', () => query?.({ model })(undefined), /source of doc2query must be an iterable .*, got undefined/],
  [
    'a model that returns a string',
    () => collect(query?.({ model: stringModel })([{ text: 'The tide.' }]) as AsyncIterable<unknown>),
    /the answer of complete\(\) of the model mine must be an object with the key text, got the string "an answer"/,
  ],
];
for (const [what, call, message, hint] of calls) {
  test(`${what} is refused with what is expected`, async () => {
    await assert.rejects(
      async () => call(),
      (error: unknown) => {
        assert.ok(error instanceof RareflowError);
        assert.match(error.message, message);
        if (hint !== undefined) assert.match(error.hint ?? '', hint);
        return true;
      },
    );
  });
}
