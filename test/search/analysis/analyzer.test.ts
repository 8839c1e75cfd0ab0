import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { analyzerNamed } from '../../../src/search/analysis/registry.js';
import { fixture, needsShared, readLines, sharedFile } from '../helpers.js';

const english = analyzerNamed('english');

test("english makes Lucene's tokens of every tricky text", async () => {
  for await (const { id, text, tokens } of readLines(fixture('tricky.jsonl'))) {
    assert.deepEqual(english.tokens(text as string), tokens, String(id));
  }
});

for (const name of ['fixture_arxiv_2k', 'fixture_pep_abstracts']) {
  test(`english makes Lucene's tokens of all of ${name}`, needsShared, async () => {
    const rows = readFileSync(sharedFile('golden', `${name}.tokens.tsv`), 'utf8')
      .trimEnd()
      .split('\n');
    const made: string[] = [];
    for await (const { id, text } of readLines(sharedFile('data', name, 'corpus.jsonl'))) {
      const tokens = english.tokens(text as string);
      made.push(`${id}\t${tokens.length}\t${createHash('sha1').update(tokens.join(' ')).digest('hex')}`);
    }
    assert.deepEqual(made, rows);
  });
}

/** Found by a comparison of 323,000 random strings with Lucene 8. */
const oddities: [name: string, text: string, tokens: string[]][] = [
  ['a quote joins Hebrew letters once', '\u05d0"\u05d0"\u05d0', ['\u05d0"\u05d0', '\u05d0']],
  ['a final apostrophe stays with a Hebrew letter', "\u05d0' a'", ["\u05d0'"]],
  ['a mark between a letter and a digit ends the word', 'ax.1 1.ax ab,cd', ['ax', '1', '1', 'ax', 'ab', 'cd']],
  ['underscores join Katakana to letters', 'ア_x アx', ['ア_x', 'ア', 'x']],
  ['a keycap is a word', '#\ufe0f\u20e3 # *\u20e3', ['#\ufe0f\u20e3', '*\u20e3']],
  ['chess pieces are emoji, as in Emoji 11', '♔ ♞', ['♔', '♞']],
  ['joiners before an emoji belong to it', '- \u200d❤', ['\u200d❤']],
  ['a surrogate pair is not split at 255 units', `${'x'.repeat(254)}\u{10437}`, ['x'.repeat(254), '\u{10437}']],
  ['lone surrogates separate words', 'ab\ud800cd', ['ab', 'cd']],
  ['words of three letters lose their s, of two do not', 'gas is as us', ['ga', 'us']],
  ['prototype words are words', '__proto__ constructor valueOf', ['__proto__', 'constructor', 'valueof']],
];
for (const [name, text, tokens] of oddities) {
  test(`english: ${name}`, () => assert.deepEqual(english.tokens(text), tokens));
}

test('english gives the same terms however often it is asked', () => {
  const text = 'The owners’ generalizations; generalizations of OWNERS.';
  assert.deepEqual(english.tokens(text), english.tokens(text));
  assert.deepEqual(english.tokens(text), ['owner', 'gener', 'gener', 'owner']);
});

test('an unknown analyzer is refused with the known ones', () => {
  assert.throws(
    () => analyzerNamed('klingon'),
    (error: unknown) =>
      error instanceof UsageError && /klingon/.test(error.message) && /english/.test(error.hint ?? ''),
  );
});
