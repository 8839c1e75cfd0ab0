import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { OutputError } from '../../../src/errors.js';
import { DataFileWriter } from '../../../src/search/format/dataFile.js';
import { IndexCommit } from '../../../src/search/indexing/indexCommit.js';
import { workFolder } from '../../support/workFolder.js';

const isFullDisk = (error: unknown) => {
  assert.ok(error instanceof OutputError);
  assert.match(error.message, /: the disk is full$/);
  assert.match(error.hint ?? '', /free some space/);
  return true;
};

test('a disk that is full while an index is written is named, with a hint', () => {
  const writer = new DataFileWriter('/dev/full');
  writer.append('docs', Buffer.from('text'));
  assert.throws(() => writer.close({}), isFullDisk);
  writer.abort();
});

test('an index in a folder that cannot be written is refused with the reason', {
  skip: process.getuid?.() === 0 && 'root may write anywhere',
}, async (t) => {
  const folder = path.join(workFolder(t), 'index');
  await mkdir(folder);
  await chmod(folder, 0o500);
  await assert.rejects(IndexCommit.begin(folder), /no permission to write it/);
});
