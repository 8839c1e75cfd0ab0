import { mix } from '../../util/murmur.js';
import { isUnspaced } from '../../util/words.js';

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
export function repetitionIn(text: string, words: string[]): string | undefined {
  if (words.length < LEAST_WORDS) return undefined;
  return repeatedLines(text) ?? repeatedPhrases(words);
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

function repeatedPhrases(words: string[]): string | undefined {
  // Two characters of a script without spaces make a word, on average.
  const scale = isUnspaced(words) ? 2 : 1;
  const total = charactersIn(words);
  const hashes = Uint32Array.from(words, wordHash);
  for (const [count, limit] of MAX_TOP) {
    const top = topPhrase(hashes, scale * count);
    if (top === undefined) break;
    const phrase = words.slice(top.at, top.at + scale * count);
    const share = (top.times * charactersIn(phrase)) / total;
    if (share > limit) return `${inPercent(share)} of its text is the phrase "${phrase.join(' ')}"`;
  }
  for (const [count, limit] of MAX_REPEATED) {
    const share = repeatedLength(words, hashes, scale * count) / total;
    if (share === 0) break;
    if (share > limit) return `${inPercent(share)} of its text is in repeated phrases of ${scale * count} words`;
  }
  return undefined;
}

/** Returns the last place of the most frequent phrase of `count` words; undefined if each is there once. */
function topPhrase(hashes: Uint32Array, count: number): { at: number; times: number } | undefined {
  const phrases = new PhraseCounts(hashes.length);
  let top: { at: number; times: number } | undefined;
  for (let at = 0; at + count <= hashes.length; at++) {
    const times = phrases.add(phraseHash(hashes, at, count));
    if (times > (top?.times ?? 1)) top = { at, times };
  }
  return top;
}

/** Returns the length of the phrases of `count` words that were there before; they do not overlap. */
function repeatedLength(words: string[], hashes: Uint32Array, count: number): number {
  const phrases = new PhraseCounts(hashes.length);
  let length = 0;
  for (let at = 0; at + count <= words.length; ) {
    const isNew = phrases.add(phraseHash(hashes, at, count)) === 1;
    if (!isNew) length += charactersIn(words.slice(at, at + count));
    at += isNew ? 1 : count;
  }
  return length;
}

/** Hashes a word by FNV-1a. */
function wordHash(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash;
}

function phraseHash(hashes: Uint32Array, start: number, count: number): number {
  let hash = 0;
  for (let at = start; at < start + count; at++) hash = mix(Math.imul(hash, 31) + (hashes[at] as number));
  return hash;
}

/** Counts phrases by their hashes. */
class PhraseCounts {
  readonly #hashes: Uint32Array;
  readonly #counts: Uint32Array;

  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(2 * most + 1));
    this.#hashes = new Uint32Array(slots);
    this.#counts = new Uint32Array(slots);
  }

  /** Returns the number of times that the phrase was added, this one included. */
  add(hash: number): number {
    const mask = this.#hashes.length - 1;
    let slot = hash & mask;
    while ((this.#counts[slot] as number) > 0 && this.#hashes[slot] !== hash) slot = (slot + 1) & mask;
    this.#hashes[slot] = hash;
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
    return this.#counts[slot] as number;
  }
}

function charactersIn(parts: string[]): number {
  let sum = 0;
  for (const part of parts) sum += part.length;
  return sum;
}

const inPercent = (share: number) => `${Math.round(100 * share)} %`;
