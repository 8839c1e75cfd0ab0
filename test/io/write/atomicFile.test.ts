import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { from } from 'ix/asynciterable';
import { OutputError } from '../../../src/errors.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { checkOutputFile } from '../../../src/io/write/atomicFile.js';
import { durableJsonl } from '../../../src/io/write/durableJsonl.js';
import { openParquet } from '../../../src/io/write/parquet.js';
import type { RowSchema } from '../../../src/io/write/rowSchema.js';
import { writeFiles } from '../../../src/io/write/writeFiles.js';
import { writeJsonl } from '../../../src/io/write/writeJsonl.js';
import type { DataRecord } from '../../../src/record.js';
import { collect } from '../../support/sources.js';
import { isOpen, lines, workFolder } from '../support.js';

const schema: RowSchema = { type: 'object', properties: { id: { type: 'number' } } };
const records: DataRecord[] = [{ id: 1 }, { id: 2 }];

/** Every way to write records to a path. */
const writers: Record<string, (path: string, source: AsyncIterable<DataRecord>) => Promise<unknown>> = {
  async jsonl(path, source) {
    await collect(writeJsonl(path)(source));
  },
  async durable(path, source) {
    const sink = durableJsonl(path);
    await sink.check(false);
    await sink.open(0);
    try {
      for await (const record of source) await sink.append(record);
      await sink.finish();
    } catch (error) {
      await sink.discard();
      throw error;
    }
  },
  async exported(path, source) {
    const parts = from(source).pipe(map);
    await collect(writeFiles({ pathOf: () => path })(parts));
  },
  async parquet(path, source) {
    const parts = from(source).pipe(map);
    await collect(writeFiles({ pathOf: () => path, openSink: (target) => openParquet(target, schema) })(parts));
  },
};

async function* map(source: AsyncIterable<DataRecord>) {
  for await (const row of source) yield { file: 'train', row };
}

async function* failing() {
  yield* records;
  throw new Error('the source failed');
}

for (const [name, write] of Object.entries(writers)) {
  const extension = name === 'parquet' ? 'parquet' : 'jsonl';

  test(`${name}: a symbolic link stays a link, and its file keeps its permissions`, async (t) => {
    const work = await workFolder(t);
    await mkdir(work('elsewhere'));
    const [real, link] = [work(`elsewhere/real.${extension}`), work(`link.${extension}`)];
    await writeFile(real, 'old\n');
    await chmod(real, 0o666);
    await symlink(real, link);
    await write(link, from(records));
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.equal((await lstat(real)).mode & 0o777, 0o666);
    assert.deepEqual(await collect(readRecords(link)), records);
    assert.deepEqual(await readdir(work('elsewhere')), [`real.${extension}`]);
  });

  test(`${name}: an existing .partial is refused and untouched`, async (t) => {
    const work = await workFolder(t);
    const path = work(`out.${extension}`);
    await writeFile(`${path}.partial`, 'mine');
    await assert.rejects(write(path, from(records)), (error) => {
      assert.ok(error instanceof OutputError);
      assert.equal(
        error.message,
        `${path}.partial: exists already: another run is writing it, or an earlier run left it`,
      );
      assert.ok(error.hint);
      return true;
    });
    assert.equal(await readFile(`${path}.partial`, 'utf8'), 'mine');
    assert.deepEqual(await readdir(work('.')), [`out.${extension}.partial`]);
  });

  test(`${name}: an existing file stays as it is if the source fails`, async (t) => {
    const work = await workFolder(t);
    const path = work(`out.${extension}`);
    await writeFile(path, 'old');
    await assert.rejects(write(path, failing()), /the source failed/);
    assert.equal(await readFile(path, 'utf8'), 'old');
    assert.equal(isOpen(`${path}.partial`), false);
    const kept = ['jsonl', 'exported'].includes(name)
      ? [`out.${extension}`, `out.${extension}.partial`]
      : [`out.${extension}`];
    assert.deepEqual((await readdir(work('.'))).sort(), kept);
  });

  test(`${name}: a directory is refused`, async (t) => {
    const work = await workFolder(t);
    await mkdir(work(`folder.${extension}`));
    await assert.rejects(write(work(`folder.${extension}`), from(records)), /is a directory/);
  });
}

test('a device is written directly', async () => {
  for (const name of ['jsonl', 'durable', 'exported', 'parquet']) {
    await writers[name]?.('/dev/null', from(records));
    await assert.rejects(lstat('/dev/null.partial'));
  }
});

test('checkOutputFile refuses the paths that opening would refuse, and touches nothing', async (t) => {
  const work = await workFolder(t);
  await checkOutputFile(work('out.jsonl'));
  await assert.rejects(checkOutputFile(work('none/out.jsonl')), /no such directory/);
  await assert.rejects(checkOutputFile(work('.')), /is a directory/);
  await writeFile(work('out.jsonl.partial'), lines(records));
  await assert.rejects(checkOutputFile(work('out.jsonl')), /exists already/);
  await checkOutputFile(work('out.jsonl'), { mayBePartial: true });
  assert.deepEqual(await readdir(work('.')), ['out.jsonl.partial']);
});
