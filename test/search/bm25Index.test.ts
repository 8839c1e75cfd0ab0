import assert from 'node:assert/strict';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { IndexError, UsageError } from '../../src/errors.js';
import { analyzerNamed } from '../../src/search/analysis/registry.js';
import { openIndex } from '../../src/search/bm25Index.js';
import { verifyIndex } from '../../src/search/format/verifyIndex.js';
import { buildIndex } from '../../src/search/indexing/buildIndex.js';
import { isSearcher } from '../../src/search/searcher.js';
import { bruteForce } from './bruteForce.js';
import { built, from, needsShared, readLines, sharedFile, workFolder } from './helpers.js';

const weightings = ['lucene', 'dataflow'] as const;

for (const name of ['fixture_arxiv_2k', 'fixture_pep_abstracts']) {
  test(`the top 20 of every query of ${name} are exact, by both weightings`, needsShared, async (t) => {
    const { target } = await built(t, readLines(sharedFile('data', name, 'corpus.jsonl')));
    await using index = await openIndex(target);
    const queries = new Map<unknown, string>();
    for await (const { id, text } of readLines(sharedFile('data', name, 'queries.jsonl')))
      queries.set(id, text as string);
    for await (const golden of readLines(sharedFile('golden', `${name}.top.jsonl`))) {
      const query = queries.get(golden.id) ?? '';
      for (const weighting of weightings) {
        const wanted = golden[weighting] as [string, number][];
        const hits = await index.search(query, { k: 20, weighting });
        assert.deepEqual(
          hits.map(({ id }) => id),
          wanted.map(([id]) => id),
          `${golden.id} ${weighting}`,
        );
        hits.forEach(({ score, rank }, at) => {
          assert.ok(Math.abs(score - (wanted[at]?.[1] ?? 0)) < 1e-5, `${golden.id} ${weighting} ${score}`);
          assert.equal(rank, at + 1);
        });
      }
    }
  });
}

const words = fc.constantFrom(
  'apple',
  'banana',
  'cherry',
  'date',
  'elder',
  'fig',
  'the',
  '__proto__',
  '中文',
  'ab\ud800',
);
const texts = fc.array(fc.array(words, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 40 });

test('search equals brute force on random corpora, ties and k included', async (t) => {
  const folder = await workFolder(t);
  const english = analyzerNamed('english');
  let run = 0;
  const property = fc.asyncProperty(
    texts,
    fc.array(words, { maxLength: 30 }),
    fc.integer({ min: 1, max: 50 }),
    fc.constantFrom(...weightings),
    fc.constantFrom(1e-3, 256),
    async (corpus, query, k, weighting, memoryMb) => {
      const target = path.join(folder, `${run++}.bm25`);
      const documents = corpus.map((document) => document.join(' '));
      await buildIndex(from(documents.map((text) => ({ text }))), target, { memoryMb, analyzer: 'english' });
      await using index = await openIndex(target);
      const hits = await index.search(query.join(' '), { k, weighting });
      const analyzed = documents.map((text) => english.tokens(text));
      const wanted = bruteForce(analyzed, english.tokens(query.join(' ')), k, weighting);
      assert.deepEqual(
        hits.map(({ docId, score }) => ({ docId, score: score.toFixed(12) })),
        wanted.map(({ docId, score }) => ({ docId, score: score.toFixed(12) })),
      );
    },
  );
  await fc.assert(property, { numRuns: 120 });
});

const fruit = [
  { id: 'a', text: 'apples and pears' },
  { id: 'b', text: 'pears, pears, plums' },
  { id: 'c', text: 'nothing of the kind' },
];

test('k may be over the number of documents, and a query of 2,000 terms is answered', async (t) => {
  const { target } = await built(t, fruit);
  await using index = await openIndex(target);
  const query = Array.from({ length: 2000 }, (_, at) => (at % 2 === 0 ? 'pear' : `word${at}`)).join(' ');
  assert.deepEqual(
    (await index.search(query, { k: 5000 })).map(({ id }) => id),
    ['b', 'a'],
  );
  assert.deepEqual(await index.search('the of and'), []);
  assert.deepEqual(await index.search(''), []);
});

test('limit is another name of k', async (t) => {
  const { target } = await built(t, fruit);
  await using index = await openIndex(target);
  const limited = { limit: 1 } as { k?: number };
  assert.equal((await index.search('pear', limited)).length, 1);
  assert.equal((await index.search('pear', { ...limited, k: 1 })).length, 1);
  await assert.rejects(index.search('pear', { ...limited, k: 2 }), UsageError);
});

test('a k that is not a whole number >= 1, and an unknown weighting, are refused', async (t) => {
  const { target } = await built(t, fruit);
  await using index = await openIndex(target);
  for (const k of [0, -1, 1.5, Number.NaN]) await assert.rejects(index.search('pear', { k }), UsageError);
  await assert.rejects(index.search('pear', { weighting: 'bm42' as 'lucene' }), UsageError);
});

test('isSearcher accepts an open index and refuses its path', async (t) => {
  const { target } = await built(t, fruit);
  await using index = await openIndex(target);
  assert.deepEqual([isSearcher(index), isSearcher(target), isSearcher(undefined)], [true, false, false]);
});

test('an aborted search ends with the reason of its signal', async (t) => {
  const { target } = await built(t, fruit);
  await using index = await openIndex(target);
  await assert.rejects(index.search('pear', { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
});

test('explain adds up to the score, by both weightings, by docId and by id', async (t) => {
  const { target } = await built(t, fruit);
  await using index = await openIndex(target);
  for (const weighting of weightings) {
    const [hit] = await index.search('pears plums bananas pears', { weighting });
    assert.ok(hit);
    const byDocId = index.explain('pears plums bananas pears', hit.docId, { weighting });
    assert.deepEqual(byDocId, index.explain('pears plums bananas pears', 'b', { weighting }));
    assert.equal(byDocId.score, hit.score);
    assert.deepEqual(byDocId.terms.map(({ term, tf }) => [term, tf]).sort(), [
      ['pear', 2],
      ['plum', 1],
    ]);
    const shares = byDocId.terms.reduce((sum, { share }) => sum + share, 0);
    assert.ok(Math.abs(shares - 1) < 1e-12);
  }
  assert.equal(index.explain('plums', 'c').score, 0);
  assert.throws(() => index.explain('plums', 'nobody'), UsageError);
});

test('texts and ids come back as they were given', async (t) => {
  const records = Array.from({ length: 100 }, (_, at) => ({
    id: ['constructor', 'a\u0000b', '\ud800', '日本', 'x'.repeat(5000)][at] ?? `id ${at}`,
    text: `${['lone \udc00', 'emoji 😀', '\ufffd', 'x'.repeat(100_000)][at] ?? 'text'} number${at}`,
  }));
  const { target } = await built(t, records);
  await using index = await openIndex(target);
  records.forEach(({ id, text }, docId) => {
    assert.equal(index.id(docId), id);
    assert.equal(index.text(docId), text);
    assert.deepEqual(index.docIds(id), [docId]);
  });
  assert.deepEqual(index.docIds('toString'), []);
  for (const docId of [-1, 100, 0.5]) assert.throws(() => index.text(docId), UsageError);
});

test('a reader keeps its index after a rebuild', async (t) => {
  const { target } = await built(t, fruit);
  await using index = await openIndex(target);
  await buildIndex(from([{ id: 'new', text: 'quinces' }]), target);
  assert.equal((await index.search('plums'))[0]?.id, 'b');
  assert.equal(index.text(0), 'apples and pears');
  await using rebuilt = await openIndex(target);
  assert.deepEqual(
    (await rebuilt.search('plums quinces')).map(({ id }) => id),
    ['new'],
  );
});

function isRefusal(message: RegExp) {
  return (error: unknown) =>
    error instanceof IndexError && message.test(error.message) && /rareflow index CORPUS -o/.test(error.hint ?? '');
}

test('a path without an index is refused with the command that builds one', async (t) => {
  const folder = await workFolder(t);
  await assert.rejects(openIndex(path.join(folder, 'absent.bm25')), isRefusal(/there is no index/));
  await assert.rejects(openIndex(folder), isRefusal(/there is no index/));
  await writeFile(path.join(folder, 'file'), 'x');
  await assert.rejects(openIndex(path.join(folder, 'file')), isRefusal(/it is a file/));
  await writeFile(path.join(folder, 'index.json'), '{"name": "not ours"}');
  await assert.rejects(openIndex(folder), isRefusal(/is not an index/));
  await writeFile(path.join(folder, 'index.json'), '{"format": "rareflow-bm25", "version": 99}');
  await assert.rejects(openIndex(folder), isRefusal(/version 99/));
});

async function dataFile(target: string): Promise<string> {
  const name = (await readdir(target)).find((file) => file.endsWith('.data'));
  return path.join(target, name ?? '');
}

test('a damaged manifest, a cut and a missing data file are refused', async (t) => {
  const { target } = await built(t, fruit);
  const manifest = path.join(target, 'index.json');
  const text = await readFile(manifest, 'utf8');
  await writeFile(manifest, text.replace('"docCount": 3', '"docCount": 4'));
  await assert.rejects(openIndex(target), isRefusal(/damaged/));
  await writeFile(manifest, text.slice(0, 50));
  await assert.rejects(openIndex(target), isRefusal(/damaged/));
  await writeFile(manifest, text);
  await truncate(await dataFile(target), 8192);
  await assert.rejects(openIndex(target), isRefusal(/damaged/));
  await rm(await dataFile(target));
  await assert.rejects(openIndex(target), isRefusal(/missing/));
});

test('verifyIndex reads every chunk: it finds a flipped byte anywhere, texts too', async (t) => {
  const records = Array.from({ length: 3000 }, (_, at) => ({ id: `doc-${at}`, text: `unread text ${at} word${at}` }));
  const { target } = await built(t, records);
  const found = await verifyIndex(target);
  assert.equal(found.docs, 3000);
  assert.ok(found.chunks > 5 && found.bytes > 60_000);
  const file = await dataFile(target);
  const whole = await readFile(file);
  const place = placesOf(whole, 'unread text 2999')[0] ?? 0;
  whole[place] = (whole[place] ?? 0) ^ 1;
  await writeFile(file, whole);
  await assert.rejects(verifyIndex(target), isRefusal(/damaged: chunk \d+ of its texts has a wrong checksum/));
});

function placesOf(bytes: Buffer, mark: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) places.push(at);
  return places;
}
