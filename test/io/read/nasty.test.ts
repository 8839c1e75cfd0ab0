import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { outcome } from '../support.js';

const folder = path.resolve(import.meta.dirname, '../../fixtures/nasty');

interface Entry {
  file: string;
  valid_records: number;
  invalid_lines: number;
}

const manifest: Entry[] = JSON.parse(readFileSync(path.join(folder, 'MANIFEST.json'), 'utf8'));

/** The numbers of the bad lines; if the manifest has only their count, they follow from the file. */
const badLines: Record<string, number[]> = {
  'cr_only.jsonl': [1],
  'invalid_utf8.jsonl': [2, 3, 4, 5, 6, 7],
  'nul_and_controls.jsonl': [3, 4],
  'bad_json.jsonl': [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  'truncated_last_line.jsonl': [20],
  'pretty_jsonl.jsonl': Array.from({ length: 80 }, (_, i) => i + 1),
  'gz_misnamed.jsonl': [1],
  'tsv_as_jsonl.jsonl': Array.from({ length: 20 }, (_, i) => i + 1),
};

for (const { file, valid_records, invalid_lines } of manifest) {
  test(`${file} has ${valid_records} records and ${invalid_lines} bad lines`, async () => {
    const { records, rejected, error } = await outcome((rejects) => readRecords(path.join(folder, file), { rejects }));
    assert.equal(error, undefined);
    assert.equal(records.length, valid_records);
    assert.deepEqual(
      rejected.map((reject) => reject.line),
      badLines[file] ?? [],
    );
    for (const reject of rejected) {
      assert.equal(reject.stage, 'read');
      assert.equal(reject.path, path.join(folder, file));
      assert.match(reject.reason, /^(not JSON|not UTF-8|looks like gzip)/);
    }
  });
}

test('all encodings of one corpus have the same records', async () => {
  const read = async (file: string) => (await outcome(() => readRecords(path.join(folder, file)))).records;
  const plain = await read('no_final_newline.jsonl');
  for (const file of ['crlf.jsonl', 'bom.jsonl', 'utf16le.jsonl', 'bom_mid_file.jsonl', 'json_array.json']) {
    assert.deepEqual(await read(file), plain, file);
  }
});

test('reading a __proto__ key changes no prototype', async () => {
  const { records } = await outcome(() => readRecords(path.join(folder, 'js_prototype_words.jsonl')));
  assert.equal(Object.keys(Object.prototype).length, 0);
  assert.ok(records.every((record) => Object.getPrototypeOf(record) === Object.prototype));
});
