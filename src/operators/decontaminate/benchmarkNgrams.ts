import { mix } from '../../util/murmur.js';
import { isUnspaced, wordsOf } from '../../util/words.js';

/** The length of the n-grams, and the shortest text that counts as one by itself: in words, and in characters without spaces. */
const SPACED = { length: 13, least: 8 };
const UNSPACED_TEXT = { length: 50, least: 30 };

/** The place of an n-gram that a text shares with a benchmark. */
export interface SharedNgram {
  /** The name of the benchmark. */
  name: string;
  /** The words that are shared. */
  words: string;
}

/**
 * The n-grams of benchmarks: 13 words as in the decontamination of GPT-3 (Brown et al. 2020, appendix C), or 50 characters of
 * scripts without spaces, ignoring case and marks. A text of 8 to 12 words, or 30 to 49 characters, counts as a whole.
 */
export class BenchmarkNgrams {
  readonly #names: string[] = [];
  /** By length: the index of the name, by the hash of the n-gram. */
  readonly #byLength = new Map<number, Map<number, number>>();

  get size(): number {
    return [...this.#byLength.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Adds a text of a benchmark, such as a question, a passage or an answer. */
  add(name: string, text: string): void {
    const words = wordsOf(text);
    const { length, least } = isUnspaced(words) ? UNSPACED_TEXT : SPACED;
    const count = Math.min(length, words.length);
    if (count < least) return;
    if (this.#names.at(-1) !== name) this.#names.push(name);
    const known = this.#byLength.get(count) ?? new Map<number, number>();
    this.#byLength.set(count, known);
    for (const [hash] of ngramHashes(words, count)) known.set(hash, this.#names.length - 1);
  }

  /** Returns the first n-gram that a text shares with a benchmark. */
  find(text: string): SharedNgram | undefined {
    const words = wordsOf(text);
    for (const [count, known] of this.#byLength) {
      for (const [hash, at] of ngramHashes(words, count)) {
        const index = known.get(hash);
        if (index === undefined) continue;
        const shared = words.slice(at, at + count);
        return { name: this.#names[index] as string, words: shared.join(isUnspaced(shared) ? '' : ' ') };
      }
    }
    return undefined;
  }
}

/** Yields a hash of 52 bits for each n-gram, and where it begins. */
function* ngramHashes(words: string[], count: number): Generator<[hash: number, at: number]> {
  const hashes = words.map(hashOfWord);
  for (let at = 0; at + count <= hashes.length; at++) {
    let [high, low] = [1, 2];
    for (let next = at; next < at + count; next++) {
      high = mix(Math.imul(high, 31) + (hashes[next] as number));
      low = mix(Math.imul(low, 37) ^ (hashes[next] as number));
    }
    yield [high * 2 ** 20 + (low >>> 12), at];
  }
}

function hashOfWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash;
}
