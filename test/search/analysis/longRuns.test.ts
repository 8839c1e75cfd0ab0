import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { analyzerNames } from '../../../src/search/analysis/analyzerNames.js';
import { analyzerNamed } from '../../../src/search/analysis/registry.js';
import { StandardTokenizer } from '../../../src/search/analysis/standardTokenizer.js';
import { TermIds } from '../../../src/search/analysis/termIds.js';
import { assertLinear, cpuMs } from '../../support/cpuTime.js';

/** The units of texts without a break: a DNA sequence, base64, minified code, scripts without spaces. */
const units = {
  ...{
    letters: 'acgt',
    capitals: 'ACGTacgt',
    digits: '0123456789',
    words: 'a_',
    underscores: '_',
    joiners: '\u200d',
    apostrophes: "a'",
    dots: 'a.',
  },
  ...{
    accents: 'e\u0301',
    han: '漢字',
    thai: 'กา',
    kana: 'カナ',
    hebrew: 'א"',
    emoji: '👩‍👩‍👧',
    signs: '#*',
    high: '\ud83d',
  },
};
const SMALL = 2 ** 14;

for (const name of analyzerNames) {
  test(`${name} analyzes a run without a break in linear time`, () => {
    const analyzer = analyzerNamed(name);
    for (const [what, unit] of Object.entries(units)) {
      const ofLength = (length: number) => unit.repeat(Math.ceil(length / unit.length));
      assertLinear((length) => analyzer.tokens(ofLength(length)), SMALL, what);
    }
  });
}

test('4 MB of letters take under 2 s, with the words counted or as strings', () => {
  const text = 'acgtacgtta'.repeat(4 * 10 ** 5);
  const analyzer = analyzerNamed('english');
  const ids = new TermIds(
    (word) => analyzer.termOf?.(word) ?? '',
    () => 0,
  );
  assert.ok(cpuMs(() => analyzer.tokens(text)) < 2000);
  assert.ok(cpuMs(() => ids.analyze(text)) < 2000);
});

test('a run of letters is cut into pieces of 255, as Lucene does', () => {
  const tokens = analyzerNamed('standard').tokens('a'.repeat(600));
  assert.deepEqual(
    tokens.map(({ length }) => length),
    [255, 255, 90],
  );
});

test('1 MB of underscores or joiners, alone or among signs, takes under 0.5 s', () => {
  for (const unit of ['_', '_\u0301', '\u200d', `${'_'.repeat(254)}-`, `-${'\u200d'.repeat(253)}1`]) {
    const text = unit.repeat(Math.ceil(10 ** 6 / Buffer.byteLength(unit)));
    for (const name of analyzerNames) {
      const analyzer = analyzerNamed(name);
      const spent = Math.min(
        cpuMs(() => analyzer.tokens(text)),
        cpuMs(() => analyzer.tokens(text)),
      );
      assert.ok(spent < 500, `${name}: ${JSON.stringify(unit.slice(0, 4))} ${spent} ms`);
    }
  }
});

/** Words found by a new tokenizer at every index, which has read nothing before and sees 255 units. */
function wordsFoundAfresh(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const low = text.charCodeAt(at + 254) >> 10 === 0x36 && text.charCodeAt(at + 255) >> 10 === 0x37;
    const afresh = new StandardTokenizer(text.slice(at, at + (low ? 254 : 255)));
    const isHere = afresh.next() && afresh.start === 0;
    if (isHere) words.push(text.slice(at, at + afresh.end));
    at += isHere ? afresh.end : (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
  }
  return words;
}

test('a word in or behind a long run is the one that is found without what was read before', () => {
  const signs = [
    '_',
    '\u203f',
    '\u200d',
    '\u0301',
    'a',
    '1',
    '😀',
    '👩',
    '🏽',
    '🇩',
    '#',
    '-',
    'א"',
    '漢',
    '\u0e31',
    '\ud83d',
  ];
  const run = fc
    .tuple(fc.constantFrom(...signs), fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 250, max: 520 })))
    .map(([sign, times]) => sign.repeat(times));
  const texts = fc.array(run, { minLength: 1, maxLength: 6 }).map((runs) => runs.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      const words = new StandardTokenizer(text);
      const found: string[] = [];
      while (words.next()) found.push(text.slice(words.start, words.end));
      assert.deepEqual(found, wordsFoundAfresh(text));
    }),
    { numRuns: 150 },
  );
});
