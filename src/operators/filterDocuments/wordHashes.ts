import { WordWalk } from '../../util/words.js';

/** The words of a text as `wordsOf` finds them, by their hashes and lengths: much less to make than as texts. */
export class WordHashes {
  readonly hashes: number[] = [];
  /** True if most of the words are single characters of a script without spaces. */
  readonly isUnspaced: boolean;
  /** The characters of the words before each, and of all. */
  readonly #before: number[] = [0];

  constructor(text: string) {
    const walk = new WordWalk(text.toLowerCase());
    let [characters, alone] = [0, 0];
    while (walk.next()) {
      this.hashes.push(walk.hash);
      characters += walk.end - walk.start;
      this.#before.push(characters);
      if (walk.isAlone) alone += 1;
    }
    this.isUnspaced = 2 * alone > this.count;
  }

  get count(): number {
    return this.hashes.length;
  }

  /** Returns the number of characters in `count` words from `at` on. */
  charactersIn(at: number, count: number): number {
    return (this.#before[at + count] as number) - (this.#before[at] as number);
  }
}
