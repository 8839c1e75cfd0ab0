import assert from 'node:assert/strict';
import test from 'node:test';
import { keyText } from '../../../src/search/format/bytes.js';
import type { SegmentWriter } from '../../../src/search/format/segmentWriter.js';
import { InvertedBuffer } from '../../../src/search/indexing/invertedBuffer.js';

const documents: Record<string, number>[] = [
  { pear: 1, apple: 2 },
  {},
  { apple: 300, fig: 70_000, été: 3 },
  { pear: 2, apple: 1, plum: 1 },
];
const wanted = [
  ['apple', [0, 2, 3], [2, 300, 1]],
  ['fig', [2], [70_000]],
  ['pear', [0, 3], [1, 2]],
  ['plum', [3], [1]],
  ['été', [2], [3]],
];

test('the postings of a buffer come in the order of the terms, in one part or in several', () => {
  for (const partPostings of [undefined, 1, 3, 4, 100]) {
    const buffer = new InvertedBuffer(partPostings);
    for (const document of documents) {
      const numbers = Uint32Array.from(Object.keys(document), (term) => buffer.numberOf(term));
      const tfs = Uint32Array.from(Object.values(document));
      buffer.add(Uint32Array.from(numbers.keys()), numbers, tfs, 0, numbers.length);
    }
    const written: unknown[] = [];
    const addTerm: SegmentWriter['addTerm'] = (key, docs, tfs, count) => {
      written.push([keyText(key), [...docs.subarray(0, count)], [...tfs.subarray(0, count)]]);
    };
    buffer.writeTo({ addTerm } as SegmentWriter);
    assert.deepEqual(written, wanted, `parts of ${partPostings}`);
  }
});
