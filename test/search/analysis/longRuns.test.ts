import assert from 'node:assert/strict';
import test from 'node:test';
import { analyzerNames } from '../../../src/search/analysis/analyzerNames.js';
import { analyzerNamed } from '../../../src/search/analysis/registry.js';
import { TermIds } from '../../../src/search/analysis/termIds.js';

/** The units of texts without a break: a DNA sequence, base64, minified code, scripts without spaces. */
const units = {
  ...{ letters: 'acgt', capitals: 'ACGTacgt', digits: '0123456789', underscores: 'a_', apostrophes: "a'", dots: 'a.' },
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
const SMALL = 2 ** 16;

const cpuMs = (act: () => void): number => {
  const { user, system } = process.cpuUsage();
  act();
  const after = process.cpuUsage();
  return (after.user + after.system - user - system) / 1000;
};

for (const name of analyzerNames) {
  test(`${name} analyzes a run without a break in linear time`, () => {
    const analyzer = analyzerNamed(name);
    for (const [what, unit] of Object.entries(units)) {
      const ofLength = (length: number) => unit.repeat(Math.ceil(length / unit.length));
      const small = cpuMs(() => analyzer.tokens(ofLength(SMALL)));
      const large = cpuMs(() => analyzer.tokens(ofLength(10 * SMALL)));
      assert.ok(large <= 15 * small + 150, `${what}: ${small} ms, ten times as long ${large} ms`);
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
