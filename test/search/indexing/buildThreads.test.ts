import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { openSegments } from '../../../src/search/format/openSegments.js';
import { built, from } from '../helpers.js';

const documents = Array.from({ length: 3000 }, (_, doc) => ({
  id: `doc-${doc}`,
  text: Array.from({ length: 20 }, (_, at) => `word${(doc * (at + 3) + at) % (50 + doc)}`).join(' '),
}));

/** A hash of every term with its postings, and of every document. */
async function contents(target: string): Promise<string> {
  const hash = createHash('sha256');
  await using index = await openIndex(target);
  const { segments, close } = await openSegments(`${target}/${index.manifest.data}`);
  for (const segment of segments) {
    for (const entry of segment.terms.all()) {
      hash.update(entry.key).update(`${entry.count}`).update(segment.terms.postingsOf(entry));
    }
    for (const document of segment.documents()) hash.update(JSON.stringify(document));
  }
  await close();
  return hash.digest('hex');
}

test('an index built by several threads, or in several segments, is the one that a single thread builds', async (t) => {
  const alone = await built(t, documents);
  const wanted = await contents(alone.target);
  for (const options of [{ threads: 2 }, { threads: 3, memoryMb: 0.3 }, { memoryMb: 0.3 }]) {
    const { target, stats } = await built(t, documents, options);
    assert.equal(stats.postings, alone.stats.postings);
    assert.equal(await contents(target), wanted, JSON.stringify(options));
  }
});

test('a source that fails while threads analyze ends the build with its error', async (t) => {
  const failing = async function* () {
    yield* from(documents);
    throw new Error('disk on fire');
  };
  await assert.rejects(built(t, failing(), { threads: 2 }), /disk on fire/);
  for (const threads of [0, 1.5]) await assert.rejects(built(t, documents, { threads }), UsageError);
});
