import assert from 'node:assert/strict';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { crc32 } from 'node:zlib';
import { Index } from 'flexsearch';
import { IndexError } from '../../../src/errors.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { Bm25Storage, bm25Options } from '../../../src/search/flexsearch/index.js';
import { verifyIndex } from '../../../src/search/format/verifyIndex.js';
import { built } from '../helpers.js';

const SLOT_BYTES = 2 ** 14;

async function dataFile(target: string): Promise<string> {
  return path.join(target, (await readdir(target)).find((name) => name.endsWith('.data')) ?? '');
}

/** An index of 3,000 documents, one of which is about `fruit`: four letters, so all such indexes have the same size. */
async function aboutFruit(t: TestContext, fruit: string): Promise<string> {
  const texts = Array.from({ length: 3000 }, (_, at) => ({
    id: `d${at}`,
    text: `text ${at} of ${at === 7 ? fruit : at}`,
  }));
  return (await built(t, texts)).target;
}

/** Rewrites an index as a version without the checksum of the data file wrote it. */
async function asOldVersion(target: string): Promise<void> {
  const file = await dataFile(target);
  const whole = await readFile(file);
  const start = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  const { chunks: _chunks, ...footer } = JSON.parse(whole.toString('utf8', start, whole.length - 8));
  const bytes = Buffer.from(JSON.stringify(footer));
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(bytes.length, 0);
  tail.writeUInt32LE(crc32(bytes), 4);
  await writeFile(file, Buffer.concat([whole.subarray(0, start), bytes, tail]));
  const manifestPath = path.join(target, 'index.json');
  const { checksum: _sum, dataChecksum: _data, ...manifest } = JSON.parse(await readFile(manifestPath, 'utf8'));
  manifest.dataBytes = (await stat(file)).size;
  const checksum = crc32(JSON.stringify(manifest)).toString(16).padStart(8, '0');
  await writeFile(manifestPath, JSON.stringify({ ...manifest, checksum }));
}

test('a data file of the same size from another index is refused, by a search, by threads and by verify', async (t) => {
  const [pears, plums] = [await aboutFruit(t, 'pear'), await aboutFruit(t, 'plum')];
  const [from, to] = [await dataFile(plums), await dataFile(pears)];
  assert.equal((await stat(from)).size, (await stat(to)).size);
  await copyFile(from, to);
  const isRefused = (error: unknown) =>
    error instanceof IndexError && /is damaged: .*\.data is not the data file that index\.json/.test(error.message);
  await assert.rejects(openIndex(pears), isRefused);
  await assert.rejects(openIndex(pears, { threads: 1 }), isRefused);
  await assert.rejects(verifyIndex(pears), isRefused);
});

test('a sound chunk of another index, in the same slot, is found by verify', async (t) => {
  const [pears, plums] = [await aboutFruit(t, 'pear'), await aboutFruit(t, 'plum')];
  const [from, to] = [await readFile(await dataFile(plums)), await readFile(await dataFile(pears))];
  let slot = 0;
  while (from.compare(to, slot, slot + SLOT_BYTES, slot, slot + SLOT_BYTES) === 0) slot += SLOT_BYTES;
  from.copy(to, slot, slot, slot + SLOT_BYTES);
  await writeFile(await dataFile(pears), to);
  await assert.rejects(verifyIndex(pears), /is damaged: its data file has chunks of another one/);
});

test('an index of a version without that checksum is searched, verified and added to', async (t) => {
  const target = await aboutFruit(t, 'pear');
  await asOldVersion(target);
  assert.equal((await verifyIndex(target)).docs, 3000);
  const index = await openIndex(target);
  assert.deepEqual(
    (await index.search('pear')).map(({ id }) => id),
    ['d7'],
  );
  await index.close();

  const flex = new Index({ ...bm25Options({ analyzer: 'english' }), commit: false });
  await flex.mount(new Bm25Storage(target));
  flex.add('new', 'a plum');
  await flex.commit();
  assert.deepEqual(await flex.search('plum'), ['new']);
  assert.equal((await verifyIndex(target)).docs, 3001);
  const manifest = JSON.parse(await readFile(path.join(target, 'index.json'), 'utf8'));
  assert.equal(typeof manifest.dataChecksum, 'number');
});

test('a data file without a checksum is refused in an index that names one', async (t) => {
  const [pears, plums] = [await aboutFruit(t, 'pear'), await aboutFruit(t, 'plum')];
  await asOldVersion(plums);
  const [old, target] = [await readFile(await dataFile(plums)), await dataFile(pears)];
  const { size } = await stat(target);
  const blanks = size - old.length;
  const start = old.length - 8 - old.readUInt32LE(old.length - 8);
  const footer = Buffer.concat([old.subarray(start, old.length - 8), Buffer.alloc(blanks, ' ')]);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(footer.length, 0);
  tail.writeUInt32LE(crc32(footer), 4);
  await writeFile(target, Buffer.concat([old.subarray(0, start), footer, tail]));
  await assert.rejects(openIndex(pears), /is not the data file that index\.json/);
});
