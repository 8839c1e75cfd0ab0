import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { Document, Index } from 'flexsearch';
import { IndexError, UsageError } from '../../../src/errors.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { bm25Options } from '../../../src/search/flexsearch/options.js';
import { Bm25Storage, type Bm25StorageOptions } from '../../../src/search/flexsearch/storage.js';
import { buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { built, from, needsShared, readLines, sharedFile, workFolder } from '../helpers.js';

async function mounted(
  target: string,
  options: Bm25StorageOptions = {},
): Promise<{ index: Index; storage: Bm25Storage }> {
  const index = new Index({ ...bm25Options({ analyzer: 'english' }), commit: false });
  const storage = new Bm25Storage(target, options);
  await index.mount(storage);
  return { index, storage };
}

async function newStorage(t: TestContext, options: Bm25StorageOptions = {}) {
  const target = path.join(await workFolder(t), 'flex.bm25');
  const { index, storage } = await mounted(target, options);
  t.after(() => storage.close());
  return { target, index, storage };
}

const fruit: [id: string, text: string][] = [
  ['a', 'apples and pears'],
  ['b', 'pears, pears, plums'],
  ['c', 'nothing of the kind'],
  ['d', 'apples, plums and pears in a very long list of many other things'],
];

test("FlexSearch's Index answers in exact BM25 order, as an index built in bulk", needsShared, async (t) => {
  const { index, target } = await newStorage(t);
  const corpus = sharedFile('data', 'fixture_pep_abstracts', 'corpus.jsonl');
  for await (const { id, text } of readLines(corpus)) index.add(id as string, text as string);
  await index.commit();
  const bulk = await built(t, readLines(corpus));
  await using one = await openIndex(bulk.target);
  await using other = await openIndex(target);
  for await (const { text } of readLines(sharedFile('data', 'fixture_pep_abstracts', 'queries.jsonl'))) {
    const wanted = await one.search(text as string, { k: 20 });
    assert.deepEqual(await other.search(text as string, { k: 20 }), wanted);
    assert.deepEqual(
      await index.search(text as string, { limit: 20 }),
      wanted.map(({ id }) => id),
    );
  }
});

test('searches of many, one and no terms, with limit and offset', async (t) => {
  const { index, target } = await newStorage(t);
  for (const [id, text] of fruit) index.add(id, text);
  assert.deepEqual(await index.search('pears'), []);
  await index.commit();
  await using direct = await openIndex(target);
  for (const query of ['pears', 'apples pears', 'plums plums apples', 'pears pears', 'unknown', 'the', '']) {
    const wanted = (await direct.search(query)).map(({ id }) => id);
    assert.deepEqual(await index.search(query), wanted, query);
    assert.deepEqual(await index.search(query, { limit: 1 }), wanted.slice(0, 1));
    assert.deepEqual(await index.search(query, { limit: 2, offset: 1 }), wanted.slice(1, 3));
    assert.deepEqual(await index.search({ query, suggest: true }), wanted);
  }
});

test('results can be left unresolved', async (t) => {
  const { index } = await newStorage(t);
  for (const [id, text] of fruit) index.add(id, text);
  await index.commit();
  const ranked = await index.search('apples pears');
  assert.deepEqual(await index.search('apples pears', { resolve: false }), [ranked]);
});

test('an add under a known id replaces the document, before and after a commit', async (t) => {
  const { index, target } = await newStorage(t);
  for (const [id, text] of fruit) index.add(id, text);
  index.add('a', 'bananas');
  await index.commit();
  assert.deepEqual(await index.search('bananas'), ['a']);
  index.add('a', 'cherries');
  index.update('b', 'dates');
  await index.commit();
  assert.deepEqual(await index.search('bananas'), []);
  assert.deepEqual(await index.search('cherries'), ['a']);
  assert.deepEqual(await index.search('dates'), ['b']);
  assert.deepEqual(await index.search('plums'), ['d']);
  await using direct = await openIndex(target);
  assert.equal(direct.docCount, 4);
});

test('remove takes effect at a commit, and contain reports committed documents', async (t) => {
  const { index } = await newStorage(t);
  for (const [id, text] of fruit) index.add(id, text);
  index.remove('d');
  await index.commit();
  assert.equal(await index.contain('d'), false);
  assert.equal(await index.contain('b'), true);
  index.remove('b');
  assert.equal(await index.contain('b'), true);
  await index.commit();
  assert.equal(await index.contain('b'), false);
  assert.deepEqual(await index.search('pears plums'), ['a']);
  index.remove('a').remove('c');
  await index.commit();
  assert.deepEqual(await index.search('pears'), []);
});

test('a storage reopens its commits, and mounts an index that was built in bulk, texts included', async (t) => {
  const { target } = await built(
    t,
    fruit.map(([id, text]) => ({ id, text })),
  );
  const { index, storage } = await mounted(target);
  assert.deepEqual(await index.search('plums'), ['b', 'd']);
  index.add('e', 'plums');
  await index.commit();
  assert.deepEqual(await index.search('plums'), ['e', 'b', 'd']);
  await storage.close();
  const again = await mounted(target);
  t.after(() => again.storage.close());
  assert.deepEqual(await again.index.search('plums'), ['e', 'b', 'd']);
  assert.deepEqual(await again.storage.enrich(['b', 'e']), [
    { id: 'b', doc: { text: 'pears, pears, plums' } },
    { id: 'e', doc: null },
  ]);
  again.index.remove('a');
  await again.index.commit();
  await using direct = await openIndex(target);
  assert.deepEqual(
    (await direct.search('plums')).map(({ id }) => id),
    ['e', 'b', 'd'],
  );
  assert.equal(direct.text(direct.docIds('b')[0] ?? -1), 'pears, pears, plums');
});

test('numbers come back as numbers if the storage has that type', async (t) => {
  const { index } = await newStorage(t, { type: 'number' });
  index.add(7, 'plums').add(8, 'pears');
  await index.commit();
  assert.deepEqual(await index.search('plums'), [7]);
  assert.equal(await index.contain(8), true);
  index.add(7, 'pears pears');
  await index.commit();
  assert.deepEqual(await index.search('pears'), [7, 8]);
});

test('clear empties the index and destroy removes its folder; both can be filled again', async (t) => {
  const { index, target } = await newStorage(t);
  index.add('a', 'plums');
  await index.commit();
  await index.clear();
  assert.deepEqual(await index.search('plums'), []);
  await assert.rejects(openIndex(target), IndexError);
  index.add('b', 'plums');
  await index.commit();
  assert.deepEqual(await index.search('plums'), ['b']);
  await index.destroy();
  assert.equal(existsSync(target), false);
  index.add('c', 'plums');
  await index.commit();
  assert.deepEqual(await index.search('plums'), ['c']);
});

test('documents added during a commit belong to the next one', async (t) => {
  const { index } = await newStorage(t);
  index.add('a', 'plums');
  const first = index.commit();
  index.add('b', 'plums plums');
  await first;
  assert.deepEqual(await index.search('plums'), ['a']);
  await index.commit();
  assert.deepEqual(await index.search('plums'), ['b', 'a']);
});

test('a commit that fails loses nothing', async (t) => {
  const { index, target } = await newStorage(t);
  index.add('a', 'plums').add('b', 'pears');
  await buildIndex(from([{ text: 'x' }]), target);
  await rm(path.join(target, 'index.json'));
  await writeFile(path.join(target, 'index.json'), 'damaged');
  await assert.rejects(index.commit(), IndexError);
  index.add('b', 'plums plums');
  await rm(path.join(target, 'index.json'));
  await index.commit();
  assert.deepEqual(await index.search('plums'), ['b', 'a']);
  assert.deepEqual(await index.search('pears'), []);
});

test('many small commits end in few segments', async (t) => {
  const { index, storage } = await newStorage(t);
  for (let at = 0; at < 20; at++) {
    index.add(`d${at}`, `plums number${at}`);
    await index.commit();
  }
  assert.equal((await index.search('plums', { limit: 100 })).length, 20);
  assert.deepEqual(await index.search('number13'), ['d13']);
  assert.equal((await storage.info())?.docCount, 20);
});

test('an Index without bm25Options, of another analyzer, or a Document is refused', async (t) => {
  const { target } = await built(t, [{ text: 'x' }]);
  await assert.rejects(new Index({ commit: false }).mount(new Bm25Storage(target)), UsageError);
  const forward = new Index({ ...bm25Options(), tokenize: 'forward', commit: false });
  await assert.rejects(forward.mount(new Bm25Storage(target)), UsageError);
  const document = new Document({ document: { id: 'id', index: ['text'] } });
  await assert.rejects(async () => document.mount(new Bm25Storage(target)), UsageError);
  assert.throws(() => bm25Options({ analyzer: 'klingon' }), UsageError);
});

test('any sequence of adds, appends, removals and commits leaves the index of the remaining documents', async (t) => {
  const folder = await workFolder(t);
  const words = fc.array(fc.constantFrom('plum', 'pear', 'fig', 'date', '__proto__', 'constructor'), {
    minLength: 1,
    maxLength: 6,
  });
  const ids = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
  const steps = fc.array(
    fc.oneof(
      fc.record({ id: ids, words, appends: fc.boolean() }),
      fc.record({ id: ids, words: fc.constant(undefined), appends: fc.constant(false) }),
      fc.constant('commit' as const),
    ),
    { maxLength: 25 },
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const name = path.join(folder, String(run++));
      const { index, storage } = await mounted(`${name}.bm25`);
      const left = new Map<string, string>();
      for (const step of [...sequence, 'commit' as const]) {
        if (step === 'commit') await index.commit();
        else {
          const text = step.words?.join(' ');
          const before = step.appends ? `${left.get(step.id) ?? ''} ` : '';
          left.delete(step.id);
          if (text) left.set(step.id, before + text);
          if (text === undefined) index.remove(step.id);
          else if (step.appends) index.append(step.id, text);
          else index.add(step.id, text);
        }
      }
      const wanted = left.size === 0 ? undefined : await openBuilt(`${name}.bulk`, left);
      for (const query of ['plum pear', 'fig', '__proto__ constructor date']) {
        const hits = wanted ? await wanted.search(query, { k: 100 }) : [];
        assert.deepEqual(
          await index.search(query),
          hits.map(({ id }) => id),
        );
      }
      await wanted?.close();
      await storage.close();
    }),
    { numRuns: 40 },
  );
});

async function openBuilt(target: string, documents: Map<string, string>) {
  await buildIndex(from(Array.from(documents, ([id, text]) => ({ id, text }))), target);
  return openIndex(target);
}
