import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ByteReader, ByteWriter, keyBytes, keyText } from '../../../src/search/format/bytes.js';
import { decodePostings, encodePostings, readTable } from '../../../src/search/format/postingsCodec.js';

const anyString = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });

test('a varint holds any safe integer', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), (values) => {
      const writer = new ByteWriter();
      for (const value of values) writer.varint(value);
      const reader = new ByteReader(writer.view());
      assert.deepEqual(
        values.map(() => reader.varint()),
        values,
      );
      assert.ok(reader.done);
    }),
  );
});

test('the bytes of a key hold any string, lone surrogates and NUL too', () => {
  fc.assert(fc.property(anyString, (text) => assert.equal(keyText(keyBytes(text)), text)));
});

test('the bytes of keys are in the order of the strings', () => {
  fc.assert(
    fc.property(anyString, anyString, (a, b) => {
      assert.equal(Buffer.compare(keyBytes(a), keyBytes(b)), a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

const lists = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 900 }), tf: fc.integer({ min: 1, max: 400 }) }), {
    minLength: 1,
    maxLength: 700,
  })
  .map((postings) => {
    let docId = -1;
    return postings.map(({ gap, tf }) => {
      docId += gap;
      return { docId, tf };
    });
  });

function encoded(list: { docId: number; tf: number }[], docLengths: Uint32Array): Uint8Array {
  const writer = new ByteWriter();
  const docs = Uint32Array.from(list, ({ docId }) => docId);
  const tfs = Uint32Array.from(list, ({ tf }) => tf);
  encodePostings(writer, docs, tfs, list.length, docLengths);
  return writer.view();
}

test('postings come back as they were written, moved to the first document of their segment', () => {
  fc.assert(
    fc.property(lists, fc.nat(1000), (list, firstDoc) => {
      const bytes = encoded(list, new Uint32Array((list.at(-1)?.docId ?? 0) + 1));
      const docs = new Uint32Array(list.length);
      const tfs = new Uint32Array(list.length);
      decodePostings(bytes, list.length, firstDoc, docs, tfs);
      assert.deepEqual(
        [...docs],
        Array.from(list, ({ docId }) => docId + firstDoc),
      );
      assert.deepEqual(
        [...tfs],
        Array.from(list, ({ tf }) => tf),
      );
    }),
  );
});

test('no posting of a block has more weight than its impacts say', () => {
  fc.assert(
    fc.property(lists, fc.infiniteStream(fc.integer({ min: 1, max: 2000 })), (list, lengths) => {
      const docLengths = Uint32Array.from({ length: (list.at(-1)?.docId ?? 0) + 1 }, () => lengths.next().value ?? 1);
      if (list.length <= 128) return;
      const reader = new ByteReader(encoded(list, docLengths));
      const table = reader.raw(reader.varint() >>> 1);
      const weight = (tf: number, length: number) => tf / (tf + length / 100);
      let blocks = 0;
      readTable(table, list.length, weight, (block, lastDoc, _, most) => {
        const postings = list.slice(block * 128, block * 128 + 128);
        assert.equal(lastDoc, postings.at(-1)?.docId);
        assert.equal(most, Math.max(...postings.map(({ docId, tf }) => weight(tf, docLengths[docId] ?? 0))));
        blocks++;
      });
      assert.equal(blocks, Math.ceil(list.length / 128));
    }),
  );
});
