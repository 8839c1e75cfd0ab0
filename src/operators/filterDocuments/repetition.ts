import { wordsOf } from '../../util/words.js';
import { Repeats } from './repeats.js';
import type { WordHashes } from './wordHashes.js';

/**
 * The rules of Gopher against repetition (Rae et al., "Scaling Language Models", 2021, table A1): the greatest share of lines
 * and of their characters that may be in repeated lines, of characters in the most frequent n-gram of n words, and of
 * characters in n-grams that are repeated.
 */
/** Gopher leaves out shorter documents, in which a term that comes up twice would be a great share. */
const LEAST_WORDS = 50;
const MAX_REPEATED_LINES = 0.3;
const MAX_REPEATED_LINE_CHARACTERS = 0.2;
const MAX_TOP: [words: number, share: number][] = [
  [2, 0.2],
  [3, 0.18],
  [4, 0.16],
];
const MAX_REPEATED: [words: number, share: number][] = [
  [5, 0.15],
  [6, 0.14],
  [7, 0.13],
  [8, 0.12],
  [9, 0.11],
  [10, 0.1],
];

/** Returns the first rule against repetition that a text of 50 words or more breaks: `41 % of its lines are repeated`. */
export function repetitionIn(text: string, words: WordHashes): string | undefined {
  if (words.count < LEAST_WORDS) return undefined;
  return repeatedLines(text) ?? repeatedPhrases(text, words);
}

function repeatedLines(text: string): string | undefined {
  const lines = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  const seen = new Set<string>();
  const repeated = lines.filter((line) => seen.size === seen.add(line).size);
  const share = repeated.length / lines.length;
  if (share > MAX_REPEATED_LINES) return `${inPercent(share)} of its lines are repeated`;
  const characters = charactersIn(repeated) / charactersIn(lines);
  if (characters > MAX_REPEATED_LINE_CHARACTERS) return `${inPercent(characters)} of its text is in repeated lines`;
  return undefined;
}

/**
 * Longer phrases are looked for among the places of repeated shorter ones: if a phrase of n words is there twice, so is each
 * phrase of fewer words within it. Most texts repeat few phrases of two words, and so cost little more than those.
 */
function repeatedPhrases(text: string, words: WordHashes): string | undefined {
  // Two characters of a script without spaces make a word, on average.
  const scale = words.isUnspaced ? 2 : 1;
  const total = words.charactersIn(0, words.count);
  const repeats = new Repeats(words.hashes);
  for (const [count, limit] of MAX_TOP) {
    const top = repeats.topPhrase(scale * count);
    if (top === undefined) return undefined;
    const share = (top.times * words.charactersIn(top.at, scale * count)) / total;
    if (share <= limit) continue;
    const phrase = wordsOf(text).slice(top.at, top.at + scale * count);
    return `${inPercent(share)} of its text is the phrase "${phrase.join(' ')}"`;
  }
  for (const [count, limit] of MAX_REPEATED) {
    const places = repeats.again(scale * count);
    if (places.length === 0) return undefined;
    const length = places.reduce((sum, at) => sum + words.charactersIn(at, scale * count), 0);
    if (length / total > limit)
      return `${inPercent(length / total)} of its text is in repeated phrases of ${scale * count} words`;
  }
  return undefined;
}

function charactersIn(parts: string[]): number {
  let sum = 0;
  for (const part of parts) sum += part.length;
  return sum;
}

const inPercent = (share: number) => `${Math.round(100 * share)} %`;
