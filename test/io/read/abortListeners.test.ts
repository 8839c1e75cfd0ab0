import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { readJsonl } from '../../../src/io/read/readJsonl.js';
import { readRecords } from '../../../src/io/read/readRecords.js';
import { openParquet } from '../../../src/io/write/parquet.js';
import { doc2Query } from '../../../src/operators/doc2Query/doc2Query.js';
import { fixture } from '../../search/helpers.js';
import { hardQuery, scriptedModel } from '../../support/models.js';
import { workFolder } from '../support.js';

const records = Array.from({ length: 1500 }, (_, n) => ({ id: `${n}`, text: `a text of some words, number ${n}` }));
const lines = records.map((record) => JSON.stringify(record)).join('\n');

test('no reader leaves a listener on its signal, whether it is read to its end or left', async (t) => {
  const at = await workFolder(t);
  await writeFile(at('lines.jsonl'), lines);
  await writeFile(at('lines.json'), lines);
  await writeFile(at('array.json'), JSON.stringify(records));
  await writeFile(at('packed.jsonl.gz'), gzipSync(lines));
  const string = { type: 'string' };
  const parquet = await openParquet(at('rows.parquet'), { properties: { id: string, text: string } });
  for (const record of records) await parquet.add(record);
  await parquet.commit();
  const model = scriptedModel(() => hardQuery('Why?'));
  const sources: Record<string, (signal: AbortSignal) => AsyncIterable<unknown>> = {
    lines: (signal) => readRecords(at('lines.jsonl'), { signal }),
    'lines named .json': (signal) => readRecords(at('lines.json'), { signal }),
    array: (signal) => readRecords(at('array.json'), { signal }),
    gzip: (signal) => readRecords(at('packed.jsonl.gz'), { signal }),
    zstd: (signal) => readRecords(fixture('field/two.jsonl.zst'), { signal }),
    parquet: (signal) => readRecords(at('rows.parquet'), { signal }),
    'a stream': (signal) => readJsonl(createReadStream(at('lines.jsonl')), { signal }),
    'two files': (signal) => readRecords([at('lines.jsonl'), at('array.json')], { signal }),
    'an operator': (signal) => doc2Query({ model })(readJsonl(at('lines.jsonl'), { signal }), { signal }),
  };
  for (const [name, open] of Object.entries(sources)) {
    for (const count of [1, 700, name === 'an operator' ? 2 : Number.POSITIVE_INFINITY]) {
      const { signal } = new AbortController();
      for (let round = 0; round < 2; round++) {
        let read = 0;
        for await (const _ of open(signal)) if (++read >= count) break;
        assert.ok(read > 0, name);
      }
      assert.equal(getEventListeners(signal, 'abort').length, 0, `${name}, left after ${count}`);
    }
  }
});
