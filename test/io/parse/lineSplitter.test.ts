import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LineSplitter, type LineSplitterOptions } from '../../../src/io/parse/lineSplitter.js';

function split(text: string, chunkBytes: number, options?: LineSplitterOptions) {
  const lines = new LineSplitter(options);
  const found: { line: string; offset: number; length: number }[] = [];
  const take = () => found.push({ line: lines.line.toString(), offset: lines.offset, length: lines.length });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    lines.push(Buffer.from(bytes.subarray(at, at + chunkBytes)));
    while (lines.next()) take();
  }
  if (lines.finish()) take();
  return found;
}

test('lines are the same whatever the chunks, and their offsets are those of the input', () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'é', '\u2028', '\r', '\n', '\n', ''), { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (parts, chunkBytes) => {
        const text = parts.join('');
        const found = split(text, chunkBytes);
        assert.deepEqual(
          found.map(({ line }) => line),
          text === '' ? [] : text.replace(/\n$/, '').split('\n'),
        );
        for (const { line, offset, length } of found) {
          assert.equal(
            Buffer.from(text)
              .subarray(offset, offset + length)
              .toString(),
            line,
          );
        }
      },
    ),
  ));

test('of a long line that spans chunks only the start is kept, with its whole length', () => {
  const found = split(`ab\n${'x'.repeat(50)}\ncd`, 4, { maxLineBytes: 10, keptBytes: 3, offset: 100 });
  assert.deepEqual(found, [
    { line: 'ab', offset: 100, length: 2 },
    { line: 'xxx', offset: 103, length: 50 },
    { line: 'cd', offset: 154, length: 2 },
  ]);
});
