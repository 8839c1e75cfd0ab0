import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { IndexError, InputError, UsageError } from '../../../src/errors.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { type BuildProgress, buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { built, from, nasty, needsShared, readLines, sharedFile, workFolder } from '../helpers.js';

test('the figures of a build are those of its index', async (t) => {
  const { target, stats, rejects } = await built(t, [{ text: 'one two two' }, { text: 'two three' }], {
    source: { of: 'x' },
  });
  assert.deepEqual([stats.docs, stats.rejected, stats.terms, stats.postings, rejects], [2, 0, 3, 4, []]);
  assert.ok(stats.seconds > 0 && stats.docsPerSecond > 0 && stats.indexBytes > 0);
  await using index = await openIndex(target);
  const { manifest } = index;
  assert.deepEqual([manifest.format, manifest.version, manifest.analyzer], ['rareflow-bm25', 2, 'english']);
  assert.deepEqual([manifest.k1, manifest.b, manifest.docCount, manifest.sumDocLength], [0.9, 0.4, 2, 5]);
  assert.deepEqual(manifest.source, { of: 'x' });
  assert.deepEqual(index.avgDocLength, 2.5);
});

test('records that cannot be indexed go to the rejects with their reason', async (t) => {
  const bad: [record: unknown, reason: RegExp][] = [
    [null, /must be a JSON object, got null/],
    [['text'], /a list/],
    ['text', /got the string "text"/],
    [{ id: 'x' }, /has no key "text"/],
    [{ text: 7 }, /"text" must be a string, got 7/],
    [{ text: ' \n' }, /"text" is blank/],
    [{ id: '', text: 'x' }, /"id" is empty/],
    [{ id: {}, text: 'x' }, /"id" must be a string or a number, got an object/],
    [{ id: true, text: 'x' }, /"id" must be a string or a number, got true/],
    [{ id: 2 ** 53, text: 'x' }, /JSON\.parse rounded it; write it as a string/],
  ];
  const { stats, rejects } = await built(t, [{ text: 'good' }, ...bad.map(([record]) => record)]);
  assert.deepEqual([stats.docs, stats.rejected], [1, bad.length]);
  bad.forEach(([record, reason], at) => {
    assert.equal(rejects[at]?.stage, 'index');
    assert.match(rejects[at]?.reason ?? '', reason);
    assert.equal(rejects[at]?.record, record);
  });
});

test('a record without an id has its number among all records for one', async (t) => {
  const records = [{ text: 'a' }, { text: '' }, { id: null, text: 'b' }, { id: 7, text: 'c' }, { id: 1.5, text: 'd' }];
  const { target } = await built(t, records);
  await using index = await openIndex(target);
  assert.deepEqual(
    [0, 1, 2, 3].map((docId) => index.id(docId)),
    ['0', '2', '7', '1.5'],
  );
});

test('the keys of text and id may be named', async (t) => {
  const { target } = await built(t, [{ body: 'plums', key: 'k' }], { textKey: 'body', idKey: 'key' });
  await using index = await openIndex(target);
  assert.deepEqual(
    (await index.search('plum')).map(({ id }) => id),
    ['k'],
  );
});

test('a rejects callback holds the build back until it settles', async (t) => {
  let settled = false;
  const rejects = async (_: Reject) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    settled = true;
  };
  const source = async function* () {
    yield { text: 'a' };
    yield { text: 7 };
    assert.ok(settled);
  };
  await built(t, source(), { rejects });
  assert.ok(settled);
});

async function refused(records: Iterable<unknown>, wanted: RegExp, folder: string): Promise<void> {
  const target = path.join(folder, 'none.bm25');
  await assert.rejects(
    buildIndex(from(records), target, { rejects: () => {} }),
    (error: unknown) => error instanceof InputError && wanted.test(error.message),
  );
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('none')),
    [],
  );
}

test('an index of no documents is refused and leaves nothing behind', async (t) => {
  const folder = await workFolder(t);
  await refused([], /no documents to index/, folder);
  await refused([{ text: '' }, { text: 4 }], /no documents to index \(2 rejected\)/, folder);
});

test('a corpus whose first 100 records have no text key stops the build and names the keys', async (t) => {
  const folder = await workFolder(t);
  let read = 0;
  const records = function* () {
    for (; read < 5000; read++) yield { title: 'x', body: 'y' };
  };
  await refused(records(), /none of the first 100 records has the key "text"; their keys: "title", "body"/, folder);
  assert.ok(read <= 101);
  await refused([{ body: 'y' }], /no record has the key "text"/, folder);
});

test('options out of range are refused before anything is read', async (t) => {
  const target = path.join(await workFolder(t), 'x.bm25');
  for (const options of [{ k1: -1 }, { k1: Number.NaN }, { b: 1.1 }, { analyzer: 'klingon' }]) {
    await assert.rejects(buildIndex(from([{ text: 'x' }]), target, options), UsageError);
  }
});

test('an unknown option is refused with the nearest name', async (t) => {
  const target = path.join(await workFolder(t), 'x.bm25');
  const refusal = buildIndex([{ text: 'x' }], target, { textkey: 'text' } as never);
  await assert.rejects(
    refusal,
    (error) => error instanceof UsageError && /did you mean textKey/.test(error.hint ?? ''),
  );
});

test('a path instead of records is refused', async (t) => {
  const target = path.join(await workFolder(t), 'x.bm25');
  await assert.rejects(
    buildIndex('corpus.jsonl' as never, target),
    /must be an iterable of records .*got the string "corpus.jsonl"/,
  );
});

interface Note {
  text: string;
}

test('buildIndex takes an array of documents of an interface type', async (t) => {
  const notes: Note[] = [{ text: 'plums' }];
  assert.equal((await buildIndex(notes, path.join(await workFolder(t), 'x.bm25'))).docs, 1);
});

test('the default analyzer is chosen by a sample, and no document is lost', async (t) => {
  const chosen: string[] = [];
  const records = Array.from({ length: 450 }, (_, at) => ({ text: `深度学习 ${at}` }));
  const { target, stats } = await built(t, records, { onAnalyzer: (name) => void chosen.push(name) });
  assert.deepEqual([chosen, stats.analyzer, stats.docs], [['multilingual-3'], 'multilingual-3', 450]);
  await using index = await openIndex(target);
  assert.equal(index.text(449), '深度学习 449');
  const named = await built(t, records, { analyzer: 'standard', onAnalyzer: (name) => void chosen.push(name) });
  assert.deepEqual([named.stats.analyzer, chosen.length], ['standard', 1]);
});

test('overwrite: false keeps the index that is there', async (t) => {
  const { target } = await built(t, [{ text: 'old' }]);
  await assert.rejects(buildIndex(from([{ text: 'new' }]), target, { overwrite: false }), UsageError);
  await using index = await openIndex(target);
  assert.equal(index.text(0), 'old');
});

test('a file, or a folder with other files, is never made an index', async (t) => {
  const folder = await workFolder(t);
  await writeFile(path.join(folder, 'notes.txt'), 'mine');
  await assert.rejects(buildIndex(from([{ text: 'x' }]), folder), IndexError);
  await assert.rejects(buildIndex(from([{ text: 'x' }]), path.join(folder, 'notes.txt')), IndexError);
  assert.deepEqual(await readdir(folder), ['notes.txt']);
  assert.equal(await readFile(path.join(folder, 'notes.txt'), 'utf8'), 'mine');
});

test('a failed and an aborted build leave the old index, and nothing else', async (t) => {
  const { target } = await built(t, [{ text: 'old' }]);
  const before = await readdir(target);
  const failing = async function* () {
    yield { text: 'new' };
    throw new Error('disk on fire');
  };
  await assert.rejects(buildIndex(failing(), target), /disk on fire/);
  const controller = new AbortController();
  const aborting = async function* () {
    yield { text: 'new' };
    controller.abort(new Error('enough'));
    yield { text: 'newer' };
  };
  await assert.rejects(buildIndex(aborting(), target, { signal: controller.signal }), /enough/);
  assert.deepEqual(await readdir(target), before);
  await using index = await openIndex(target);
  assert.equal(index.text(0), 'old');
});

test('a rebuild removes the old data files and the leftovers of dead builds', async (t) => {
  const { target } = await built(t, [{ text: 'old' }]);
  for (const name of ['abc-999999999-00.data', 'abc-999999999-00.data.json']) {
    await writeFile(path.join(target, name), 'x');
  }
  await mkdir(path.join(target, 'mine'));
  await buildIndex(from([{ text: 'new' }]), target);
  const names = (await readdir(target)).sort();
  assert.deepEqual(
    names.map((name) => name.replace(/^[^.]*-[^.]*/, '*')).sort(),
    ['*.data', 'index.json', 'mine'].sort(),
  );
});

test('two builds of one index at once leave one of them whole', async (t) => {
  const target = path.join(await workFolder(t), 'x.bm25');
  const corpus = (word: string) => from(Array.from({ length: 300 }, (_, at) => ({ text: `${word} ${word}${at}` })));
  await Promise.all([buildIndex(corpus('left'), target), buildIndex(corpus('right'), target)]);
  await using index = await openIndex(target);
  const hits = await index.search('left right', { k: 1000 });
  assert.equal(hits.length, 300);
  assert.equal(new Set(hits.map(({ docId }) => index.text(docId).split(' ')[0])).size, 1);
});

test('onProgress is called every 1,000 documents and at the end', async (t) => {
  const seen: BuildProgress[] = [];
  const records = Array.from({ length: 2500 }, (_, at) => ({ text: `word${at}` }));
  await built(t, records, { onProgress: (progress) => void seen.push(progress) });
  assert.deepEqual(
    seen.map(({ docs }) => docs),
    [1000, 2000, 2500],
  );
});

test('a build in little memory makes the same index', needsShared, async (t) => {
  const corpus = () => readLines(sharedFile('data', 'fixture_pep_abstracts', 'corpus.jsonl'));
  const [large, small] = [await built(t, corpus()), await built(t, corpus(), { memoryMb: 0.1 })];
  assert.deepEqual([small.stats.terms, small.stats.postings], [large.stats.terms, large.stats.postings]);
  await using one = await openIndex(large.target);
  await using other = await openIndex(small.target);
  const query = 'a specification of the python import system';
  assert.deepEqual(await other.search(query, { k: 1000 }), await one.search(query, { k: 1000 }));
  for (const docId of [0, 350, 702]) assert.equal(other.text(docId), one.text(docId));
  assert.deepEqual(other.docIds('pep-0008'), one.docIds('pep-0008'));
});

test('a term of 400 documents and a corpus of 20,000 distinct terms are found', async (t) => {
  const records = Array.from({ length: 400 }, (_, at) => ({
    text: `common ${Array.from({ length: 50 }, (_, word) => `w${at}x${word}`).join(' ')}`,
  }));
  const { target, stats } = await built(t, records, { memoryMb: 1 });
  assert.equal(stats.terms, 20_001);
  await using index = await openIndex(target);
  assert.equal((await index.search('common', { k: 1000 })).length, 400);
  for (const at of [0, 123, 399])
    assert.deepEqual(
      (await index.search(`w${at}x7`)).map(({ docId }) => docId),
      [at],
    );
});

async function all(records: AsyncIterable<DataRecord>): Promise<DataRecord[]> {
  const list: DataRecord[] = [];
  for await (const record of records) list.push(record);
  return list;
}

test('nasty corpora: identical texts come in corpus order', async (t) => {
  const { target } = await built(t, readLines(nasty('identical_texts.jsonl')));
  await using index = await openIndex(target);
  const hits = await index.search(index.text(0), { k: 1000 });
  assert.equal(hits.length, index.docCount);
  assert.deepEqual(
    hits.map(({ docId }) => docId),
    Array.from(hits.keys()),
  );
});

test('nasty corpora: words and ids of JavaScript prototypes are words and ids', async (t) => {
  const { target } = await built(t, readLines(nasty('js_prototype_words.jsonl')));
  await using index = await openIndex(target);
  for (let docId = 0; docId < index.docCount; docId++) {
    assert.ok(index.docIds(index.id(docId)).includes(docId));
    const hits = await index.search(index.text(docId), { k: index.docCount });
    assert.ok(hits.some((hit) => hit.docId === docId));
  }
});

test('nasty corpora: lone surrogates come back as they are', async (t) => {
  const records = await all(readLines(nasty('lone_surrogates.jsonl')));
  const { target } = await built(t, records);
  await using index = await openIndex(target);
  records.forEach(({ id, text }, docId) => {
    assert.equal(index.text(docId), text);
    assert.deepEqual(index.docIds(id as string), [docId]);
  });
});

test('nasty corpora: documents of stop words alone are kept and never found', async (t) => {
  const { target, stats } = await built(t, readLines(nasty('stopwords_only.jsonl')));
  assert.equal(stats.docs, 7);
  await using index = await openIndex(target);
  assert.deepEqual(await index.search('the of and to be or not'), []);
  assert.deepEqual(
    (await index.search('2')).map(({ id }) => id),
    ['s6'],
  );
  assert.equal(index.text(1), 'to be or not to be');
  const { target: empty } = await built(t, [{ text: 'the of' }]);
  await using wordless = await openIndex(empty);
  assert.deepEqual(await wordless.search('the of word'), []);
});

test('nasty corpora: documents that share an id are all there', async (t) => {
  const records = await all(readLines(nasty('duplicate_ids.jsonl')));
  const { target, stats } = await built(t, records);
  assert.equal(stats.docs, records.length);
  await using index = await openIndex(target);
  for (const { id } of records) {
    const wanted = records.flatMap((record, docId) => (String(record.id) === String(id) ? [docId] : []));
    assert.deepEqual(index.docIds(String(id)), wanted);
  }
});

test('nasty corpora: one document is a corpus', async (t) => {
  const { target } = await built(t, readLines(nasty('one_doc.jsonl')));
  await using index = await openIndex(target);
  const hits = await index.search(index.text(0));
  assert.equal(hits.length, 1);
  assert.ok((hits[0]?.score ?? 0) > 0);
});

test('documents with the id of an earlier one are counted, and the first two are named', async (t) => {
  const target = path.join(await workFolder(t), 'dups.bm25');
  const texts = ['granite', 'basalt', 'marble', 'granite again', 'slate', 'basalt again', 'granite once more'];
  const ids = ['a', 'b', 'c', 'a', 'd', 'b', 'a'];
  const records = texts.map((text, at) => ({ id: ids[at], text }));
  const expected = { documents: 3, first: { id: 'a', documents: [0, 3] } };
  assert.deepEqual((await buildIndex(records, target)).repeatedIds, expected);
  assert.deepEqual((await buildIndex(records, target, { memoryMb: 0.0001 })).repeatedIds, expected);
  assert.deepEqual((await buildIndex(records.slice(0, 3), target)).repeatedIds, { documents: 0, first: undefined });
});
