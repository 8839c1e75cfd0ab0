import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { Index } from 'flexsearch';
import { openIndex } from '../../../src/search/bm25Index.js';
import { bm25Options } from '../../../src/search/flexsearch/options.js';
import { Bm25Storage } from '../../../src/search/flexsearch/storage.js';
import { buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { from, workFolder } from '../helpers.js';

/** The calls of a FlexSearch program, on an Index in memory or on a storage. */
interface Subject {
  index: Index;
  /** Makes what was done so far visible; nothing to do in memory. */
  commit(): Promise<void>;
}

const fruit = {
  a: 'apples and pears',
  b: 'pears with plums',
  c: 'apples, plums and pears in a longer list',
  d: 'quinces',
};

async function ids(index: Index, query: string, options: object = {}): Promise<string[]> {
  // In memory, an offset behind the last of one term's documents gives undefined.
  return ((await index.search(query, { suggest: true, ...options })) ?? []) as string[];
}

async function filled({ index, commit }: Subject): Promise<Index> {
  for (const [id, text] of Object.entries(fruit)) index.add(id, text);
  await commit();
  return index;
}

/** The contract of both. FlexSearch finds documents of all terms, or with `suggest` of any, as a Bm25Storage always does. */
const contract: Record<string, (subject: Subject) => Promise<void>> = {
  'add makes a document findable, and returns the index': async (subject) => {
    const { index, commit } = subject;
    assert.equal(index.add('x', 'melons'), index);
    await commit();
    assert.deepEqual(await ids(index, 'melons'), ['x']);
  },
  'search finds the documents of one term': async (subject) => {
    const index = await filled(subject);
    assert.deepEqual((await ids(index, 'apples')).sort(), ['a', 'c']);
    assert.deepEqual((await ids(index, 'pears')).sort(), ['a', 'b', 'c']);
    assert.deepEqual(await ids(index, 'QUINCES!'), ['d']);
  },
  'search with suggest finds the documents of any of many terms': async (subject) => {
    const index = await filled(subject);
    assert.deepEqual((await ids(index, 'apples quinces')).sort(), ['a', 'c', 'd']);
    assert.deepEqual((await ids(index, 'plums unknown')).sort(), ['b', 'c']);
    assert.deepEqual((await ids(index, 'apples pears plums quinces')).sort(), ['a', 'b', 'c', 'd']);
  },
  'the document of all terms comes before those of some': async (subject) => {
    const index = await filled(subject);
    assert.equal((await ids(index, 'apples plums'))[0], 'c');
  },
  'search finds nothing for unknown terms and for none': async (subject) => {
    const index = await filled(subject);
    for (const query of ['melons', 'melons cherries', '', ' ', '...']) assert.deepEqual(await ids(index, query), []);
  },
  'the query may be in the options, with the limit': async (subject) => {
    const index = await filled(subject);
    assert.deepEqual(await index.search({ query: 'quinces' }), ['d']);
    assert.equal(((await index.search('pears', 2)) as string[]).length, 2);
  },
  'limit and offset cut the same ranking into pages': async (subject) => {
    const index = await filled(subject);
    for (const query of ['pears', 'apples plums quinces']) {
      const whole = await ids(index, query);
      assert.ok(whole.length >= 3);
      assert.deepEqual(await ids(index, query, { limit: 1 }), whole.slice(0, 1));
      assert.deepEqual(await ids(index, query, { limit: 2, offset: 1 }), whole.slice(1, 3));
      assert.deepEqual(await ids(index, query, { limit: 9, offset: 2 }), whole.slice(2));
      assert.deepEqual(await ids(index, query, { limit: 9, offset: 99 }), []);
    }
  },
  'add under a known id and update replace the document': async (subject) => {
    const index = await filled(subject);
    index.add('a', 'melons');
    index.update('d', 'cherries');
    await subject.commit();
    assert.deepEqual(await ids(index, 'melons cherries').then((found) => found.sort()), ['a', 'd']);
    assert.deepEqual(await ids(index, 'apples'), ['c']);
    assert.deepEqual(await ids(index, 'quinces'), []);
  },
  'append adds terms to a document, and makes one that is not there': async (subject) => {
    const index = await filled(subject);
    assert.equal(index.append('d', 'melons'), index);
    index.append('x', 'cherries');
    await subject.commit();
    assert.deepEqual(await ids(index, 'quinces'), ['d']);
    assert.deepEqual(await ids(index, 'melons'), ['d']);
    assert.deepEqual(await ids(index, 'cherries'), ['x']);
    assert.equal(await index.contain('x'), true);
  },
  'append before the first commit joins what was added': async ({ index, commit }) => {
    index.add('x', 'melons').append('x', 'cherries');
    await commit();
    assert.deepEqual([await ids(index, 'melons'), await ids(index, 'cherries')], [['x'], ['x']]);
  },
  'remove takes a document out of every search': async (subject) => {
    const index = await filled(subject);
    assert.equal(index.remove('c'), index);
    index.remove('never there');
    await subject.commit();
    assert.deepEqual((await ids(index, 'apples plums pears')).sort(), ['a', 'b']);
    assert.equal(await index.contain('c'), false);
  },
  'contain knows the ids of the index': async (subject) => {
    const index = await filled(subject);
    assert.deepEqual([await index.contain('a'), await index.contain('nobody')], [true, false]);
  },
  'clear empties the index, and it can be filled again': async (subject) => {
    const index = await filled(subject);
    await index.clear();
    assert.deepEqual(await ids(index, 'pears quinces'), []);
    assert.equal(await index.contain('a'), false);
    await filled(subject);
    assert.deepEqual(await ids(index, 'quinces'), ['d']);
  },
};

for (const [fact, holds] of Object.entries(contract)) {
  test(`in memory, FlexSearch's own: ${fact}`, async () => {
    await holds({ index: new Index({ tokenize: 'strict' }), commit: async () => {} });
  });
  test(`on a Bm25Storage: ${fact}`, async (t) => {
    const { index } = await mounted(t, path.join(await workFolder(t), 'flex.bm25'));
    await holds({ index, commit: async () => void (await index.commit()) });
  });
}

async function mounted(t: TestContext, target: string) {
  const index = new Index({ ...bm25Options(), commit: false });
  const storage = new Bm25Storage(target);
  await index.mount(storage);
  t.after(() => storage.close());
  const commit = async () => void (await index.commit());
  return { index, storage, commit };
}

test('enrich gives each id with its stored text, or null if a commit brought it without', async (t) => {
  const target = path.join(await workFolder(t), 'flex.bm25');
  await buildIndex(from([{ id: 'a', text: 'plums' }]), target);
  const { index } = await mounted(t, target);
  index.add('b', 'plums plums');
  await index.commit();
  const enriched = [
    { id: 'b', doc: null },
    { id: 'a', doc: { text: 'plums' } },
  ];
  for (const query of ['plums', 'plums unknown']) {
    assert.deepEqual(await index.search(query, { enrich: true, resolve: true } as object), enriched);
  }
});

test('an append counts in the scores as though the whole text had been added', async (t) => {
  const folder = await workFolder(t);
  const texts = { a: 'plums pears', b: 'plums plums figs', c: 'plums figs figs figs' };
  const whole = await mounted(t, path.join(folder, 'whole.bm25'));
  for (const [id, text] of Object.entries(texts)) whole.index.add(id, text);
  await whole.commit();
  const parts = await mounted(t, path.join(folder, 'parts.bm25'));
  for (const at of [0, 1, 2, 3]) {
    for (const [id, text] of Object.entries(texts)) parts.index.append(id, text.split(' ')[at] ?? '');
    if (at % 2 === 1) await parts.commit();
  }
  for (const query of ['plums', 'figs', 'plums figs pears']) {
    const scores = async (name: string) => {
      await using index = await openIndex(path.join(folder, name));
      const hits = await index.search(query);
      return hits.map(({ id, score }) => [id, score.toFixed(12)]);
    };
    assert.deepEqual(await scores('parts.bm25'), await scores('whole.bm25'));
  }
});

test('two indexes in one folder do not touch each other', async (t) => {
  const folder = await workFolder(t);
  const titles = await mounted(t, path.join(folder, 'titles'));
  const bodies = await mounted(t, path.join(folder, 'bodies'));
  await filled(titles);
  bodies.index.add('a', 'melons');
  await bodies.commit();
  assert.deepEqual([await ids(titles.index, 'melons'), await ids(bodies.index, 'quinces')], [[], []]);
  await titles.index.destroy();
  assert.deepEqual(await readdir(folder), ['bodies']);
  assert.deepEqual(await ids(bodies.index, 'melons'), ['a']);
});

test('two Index objects on one storage both commit, and nothing is lost', async (t) => {
  const target = path.join(await workFolder(t), 'flex.bm25');
  const one = await mounted(t, target);
  const other = await mounted(t, target);
  one.index.add('a', 'plums');
  await one.commit();
  other.index.add('b', 'plums');
  await other.commit();
  assert.deepEqual(await ids(other.index, 'plums'), ['a', 'b']);
  await one.storage.open();
  assert.deepEqual(await ids(one.index, 'plums'), ['a', 'b']);
});

test('committed documents are there when the folder is opened again; destroy removes the folder', async (t) => {
  const target = path.join(await workFolder(t), 'flex.bm25');
  const first = await mounted(t, target);
  await filled(first);
  first.index.add('lost', 'never committed');
  await first.storage.close();
  const again = await mounted(t, target);
  assert.deepEqual((await ids(again.index, 'pears')).sort(), ['a', 'b', 'c']);
  assert.equal(await again.index.contain('lost'), false);
  await again.index.destroy();
  assert.equal(existsSync(target), false);
});
