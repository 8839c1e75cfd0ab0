import assert from 'node:assert/strict';
import test from 'node:test';
import { Index } from 'flexsearch';
import { IndexError, InputError } from '../../src/errors.js';
import { bm25HardNeg } from '../../src/operators/bm25HardNeg/bm25HardNeg.js';
import type { DataRecord } from '../../src/record.js';
import { openIndex } from '../../src/search/bm25Index.js';
import { bm25Options } from '../../src/search/flexsearch/options.js';
import { Bm25Storage } from '../../src/search/flexsearch/storage.js';
import { openIndexSegments } from '../../src/search/format/openSegments.js';
import { provenanceOf } from '../support/provenance.js';
import { collect } from '../support/sources.js';
import { built, from } from './helpers.js';

/** Passage n of parent n / 7; every tenth has none, every parent that is a multiple of 3 is a number. */
const parentOf = (at: number) => {
  const parent = Math.floor(at / 7);
  if (at % 10 === 9) return undefined;
  return parent % 3 === 0 ? parent : `parent ${parent}`;
};
const passages = Array.from({ length: 400 }, (_, at) => ({
  id: `p${at}`,
  text: `plums word${at}`,
  parent: parentOf(at),
}));

test('an index keeps the group of every document, also when segments are merged', async (t) => {
  for (const memoryMb of [256, 0.02]) {
    const { target } = await built(t, passages, { groupKey: 'parent', memoryMb });
    await using index = await openIndex(target);
    assert.equal(index.groupKey, 'parent');
    passages.forEach(({ parent }, docId) => {
      assert.equal(index.group(docId), parent === undefined ? undefined : String(parent));
    });
  }
});

test('commits of FlexSearch keep the groups of the documents that stay', async (t) => {
  const { target } = await built(t, passages, { groupKey: 'parent', analyzer: 'english' });
  const flex = new Index({ ...bm25Options(), commit: false });
  const storage = new Bm25Storage(target);
  await flex.mount(storage);
  t.after(() => storage.close());
  flex.add('new', 'plums');
  await flex.commit();
  flex.remove('p0');
  await flex.commit();
  await using index = await openIndex(target);
  assert.equal(index.groupKey, 'parent');
  assert.deepEqual([index.group(0), index.group(7), index.group(399)], ['0', 'parent 1', undefined]);
});

test('groups cost nothing if there are none, and few bytes if neighbours share one', async (t) => {
  const source = Array.from({ length: 4096 }, (_, at) => ({ text: `w${at}`, parent: 'a very long name of a parent' }));
  const without = await docBytes((await built(t, source)).target);
  const withGroups = await docBytes((await built(t, source, { groupKey: 'parent' })).target);
  assert.ok(withGroups > without && withGroups <= without + 4096 * 4, `${without} → ${withGroups}`);
});

async function docBytes(target: string): Promise<number> {
  const { file, close } = await openIndexSegments(target);
  const sizes = Array.from({ length: file.chunks('docs') }, (_, number) => file.chunk('docs', number).length);
  await close();
  return sizes.reduce((sum, size) => sum + size, 0);
}

test('a group that is not a string or a number is a reject, and a key that no record has ends the build', async (t) => {
  const { stats, rejects } = await built(
    t,
    [
      { text: 'a', parent: { x: 1 } },
      { text: 'b', parent: 'p' },
    ],
    {
      groupKey: 'parent',
    },
  );
  assert.deepEqual([stats.docs, rejects[0]?.reason], [1, '"parent" must be a string or a number, got an object']);
  await assert.rejects(
    built(t, [{ text: 'a' }], { groupKey: 'parent' }),
    (error) => error instanceof InputError && /no record has the key "parent"/.test(error.message),
  );
});

const none = { sameText: 0, nearDuplicate: 0, containment: 0 };
const question = { id: 'a1', text: 'plums one', question: 'plums' };
const corpus = [
  { id: 'a1', text: 'plums one', parent: 'a' },
  { id: 'a2', text: 'plums two', parent: 'a' },
  { id: 'b1', text: 'plums three', parent: 'b' },
  { id: 'b2', text: 'plums four', parent: 'b' },
  { id: 'c1', text: 'plums five' },
  { id: 'c2', text: 'plums six' },
];

async function mined(target: string, record: object, options: object) {
  await using index = await openIndex(target);
  const [out] = await collect(bm25HardNeg({ index, numNeg: 4, ...options })(from([record])));
  const { negatives, refused } = provenanceOf(out as DataRecord, 'bm25_hard_neg');
  return { ids: (negatives as { id: string }[]).map(({ id }) => id), refused };
}

test('bm25HardNeg leaves out documents of the same group as a positive', async (t) => {
  const { target } = await built(t, corpus, { groupKey: 'parent' });
  assert.deepEqual(await mined(target, question, { groupKey: 'parent' }), {
    ids: ['b1', 'b2', 'c1', 'c2'],
    refused: { ...none, groupKey: 1 },
  });
  const two = { ...question, more: ['b1'] };
  const { ids, refused } = await mined(target, two, { groupKey: 'parent', inputPositivesKey: 'more' });
  assert.deepEqual([ids, refused], [['c1', 'c2'], { ...none, groupKey: 2 }]);
});

test('a positive that the index does not know by its id reports its group itself', async (t) => {
  const { target } = await built(t, corpus, { groupKey: 'parent' });
  const { id: _, ...anonymous } = question;
  assert.deepEqual((await mined(target, { ...anonymous, parent: 'b' }, { groupKey: 'parent' })).ids, [
    'a2',
    'c1',
    'c2',
  ]);
});

test('groupKey is refused if the index keeps no groups, or others', async (t) => {
  const none = await built(t, corpus);
  const others = await built(t, corpus, { groupKey: 'id' });
  const refused = (target: string, what: RegExp) =>
    assert.rejects(
      mined(target, question, { groupKey: 'parent' }),
      (error) => error instanceof IndexError && what.test(error.message) && /--group-key parent/.test(error.hint ?? ''),
    );
  await refused(none.target, /the index keeps no groups/);
  await refused(others.target, /the index keeps the groups of the key "id"/);
});
