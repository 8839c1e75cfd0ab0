import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { analyzerNamed } from '../../../src/search/analysis/registry.js';
import { TermIds } from '../../../src/search/analysis/termIds.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { built } from '../helpers.js';

function numbering() {
  const english = analyzerNamed('english');
  const terms: string[] = [];
  const words = new TermIds(
    (word) => english.termOf?.(word) ?? '',
    (term) => {
      const known = terms.indexOf(term);
      return known >= 0 ? known : terms.push(term) - 1;
    },
  );
  return (text: string) => {
    const count = words.analyze(text);
    return Array.from(words.terms.subarray(0, count), (number) => terms[number]);
  };
}

test('numbered words are the tokens of the analyzer, any text', () => {
  const termsOf = numbering();
  const english = analyzerNamed('english');
  const piece = fc.constantFrom(
    ...[' ', 'the', 'Tides', "'s", '.', ',', ':', '3', '1914', '_', '-', '#', '*', '中文', 'é', 'ﬁ', '–', '’', 'א'],
    ...[
      '\u0301',
      '\u20e3',
      '\u200d',
      'abcdefghijkl',
      'abcdefghijklm',
      'x'.repeat(254),
      'x'.repeat(300),
      '😀',
      '\ud800',
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (written) => assert.deepEqual(termsOf(written), english.tokens(written))),
    { numRuns: 2000 },
  );
});

test('numbered words stay apart when their table grows', () => {
  const termsOf = numbering();
  const letters = 'bcdfghjkmnpqrtvwxz';
  const words = Array.from({ length: 18 ** 3 }, (_, at) =>
    [at % 18, Math.floor(at / 18) % 18, Math.floor(at / 324)].map((place) => letters[place]).join(''),
  );
  const text = words.join(' ');
  assert.deepEqual(termsOf(text), words);
  assert.deepEqual(termsOf(text), words);
});

test('a term may occur in a document more than 255 times', async (t) => {
  const counts = [254, 255, 256, 70_000];
  const { target } = await built(
    t,
    counts.map((tf) => ({ text: 'pear '.repeat(tf) })),
  );
  await using index = await openIndex(target);
  assert.deepEqual(
    counts.map((_, docId) => index.explain('pear', docId).terms[0]?.tf),
    counts,
  );
});
