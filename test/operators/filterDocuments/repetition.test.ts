import assert from 'node:assert/strict';
import test from 'node:test';
import { repetitionIn } from '../../../src/operators/filterDocuments/repetition.js';
import { WordHashes } from '../../../src/operators/filterDocuments/wordHashes.js';
import { seededRandom } from '../../../src/util/random.js';
import { isUnspaced, wordsOf } from '../../../src/util/words.js';
import { range } from '../../support/sources.js';

const inPercent = (share: number) => `${Math.round(100 * share)} %`;
const length = (words: string[]) => words.join('').length;

/** The rules on phrases, written without hashes and looked for everywhere. */
function plainly(text: string): string | undefined {
  const words = wordsOf(text);
  if (words.length < 50) return undefined;
  const scale = isUnspaced(words) ? 2 : 1;
  const phrase = (at: number, count: number) => words.slice(at, at + count);
  for (const [n, limit] of [
    [2, 0.2],
    [3, 0.18],
    [4, 0.16],
  ] as const) {
    const times = new Map<string, number>();
    let top = { times: 1, at: 0 };
    for (let at = 0; at + scale * n <= words.length; at++) {
      const key = phrase(at, scale * n).join(' ');
      times.set(key, (times.get(key) ?? 0) + 1);
      if ((times.get(key) as number) > top.times) top = { times: times.get(key) as number, at };
    }
    const share = top.times === 1 ? 0 : (top.times * length(phrase(top.at, scale * n))) / length(words);
    if (share > limit) return `${inPercent(share)} of its text is the phrase "${phrase(top.at, scale * n).join(' ')}"`;
  }
  for (const [n, limit] of [5, 6, 7, 8, 9, 10].map((count) => [count, (20 - count) / 100] as const)) {
    const seen = new Set<string>();
    let repeated = 0;
    for (let at = 0; at + scale * n <= words.length; ) {
      const key = phrase(at, scale * n).join(' ');
      if (seen.has(key)) repeated += length(phrase(at, scale * n));
      at += seen.has(key) ? scale * n : 1;
      seen.add(key);
    }
    if (repeated / length(words) > limit)
      return `${inPercent(repeated / length(words))} of its text is in repeated phrases of ${scale * n} words`;
  }
  return undefined;
}

const random = seededRandom('repetition');
const below = (most: number) => Math.floor(random() * most);

/** A text of `words` words of a vocabulary, in which passages of it come again. */
function made(vocabulary: string[], words: number, copies: number, space: string): string {
  const text = Array.from(range(words), () => vocabulary[below(vocabulary.length)] as string);
  for (let copy = 0; copy < copies; copy++) {
    const from = below(text.length);
    text.splice(below(text.length), 0, ...text.slice(from, from + 1 + below(14)));
  }
  return text.join(space);
}

const latin = Array.from(range(400), (n) => `${'w'.repeat(1 + (n % 9))}${n}`);
const marked = ['Ünï', 'ΟΔΟΣ', 'İstanbul', 'it’s', 'e\u0301t', '𝒳y', '\ud800', '1.5', 'a_b', ...latin.slice(0, 60)];
const han = [...'冰川缓慢地沿着山谷向下移动把石头带到海边经过许多年以后又宽深河流它淌'];
const kinds: [name: string, vocabulary: string[], space: string][] = [
  ['words', latin, ' '],
  ['few words', latin.slice(0, 40), ' '],
  ['words of other scripts, marks and lone surrogates', marked, ' '],
  ['Chinese', han, ''],
  ['Chinese and words', [...han, ...latin.slice(0, 30).map((word) => ` ${word} `)], ''],
];
for (const [name, vocabulary, space] of kinds) {
  test(`repeated phrases are found as by a search of all of them: ${name}`, () => {
    const verdicts = Array.from(range(250), (n) => {
      const text = made(vocabulary, 45 + below(120), n % 25, space);
      const found = repetitionIn(text, new WordHashes(text));
      assert.equal(found, plainly(text), text);
      return found?.replace(/^\d+ %|".*"|\d+ words/g, '');
    });
    const reasons = new Set(verdicts);
    assert.ok(reasons.size >= 3, `some are kept and some rejected for each reason: ${[...reasons].join(' | ')}`);
  });
}

test('WordHashes finds the words of wordsOf', () => {
  for (const [, vocabulary, space] of kinds) {
    const text = made(vocabulary, 100, 3, `${space}, `);
    const [words, hashes] = [wordsOf(text), new WordHashes(text)];
    assert.equal(hashes.count, words.length);
    assert.equal(hashes.isUnspaced, isUnspaced(words));
    for (const [at, word] of words.entries()) assert.equal(hashes.charactersIn(at, 1), word.length, word);
    assert.equal(new Set(hashes.hashes).size, new Set(words).size);
  }
});
