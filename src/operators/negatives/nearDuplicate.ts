/** Words in a shingle. */
const SHINGLE_WORDS = 3;

/** A word, or one character of a script that is written without spaces. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{M}\p{N}]+/gu;

/**
 * Tells near-duplicates of one text: those whose resemblance to it, the Jaccard coefficient of the two sets of shingles, is at
 * least `threshold` (A. Broder, "On the resemblance and containment of documents", 1997). A shingle is three successive words,
 * whatever their case and the marks between them; a text of fewer words is one shingle.
 */
export class NearDuplicates {
  readonly #shingles: ReadonlySet<string>;
  /** A text with more shingles of its own than this cannot reach the threshold. */
  readonly #mostForeign: number;

  constructor(
    text: string,
    private readonly threshold: number,
  ) {
    this.#shingles = new Set(shingles(text));
    this.#mostForeign = (this.#shingles.size * (1 - threshold)) / threshold;
  }

  /** Looks no further into `text` than it takes to rule it out. */
  includes(text: string): boolean {
    const seen = new Set<string>();
    let foreign = 0;
    for (const shingle of shingles(text)) {
      if (seen.has(shingle)) continue;
      seen.add(shingle);
      if (!this.#shingles.has(shingle) && ++foreign > this.#mostForeign) return false;
    }
    const common = seen.size - foreign;
    return common > 0 && common >= this.threshold * (this.#shingles.size + foreign);
  }
}

function* shingles(text: string): Generator<string> {
  const word = new RegExp(WORD);
  let [before, last] = ['', ''];
  let words = 0;
  for (let found = word.exec(text); found !== null; found = word.exec(text)) {
    const next = found[0].toLowerCase();
    if (++words >= SHINGLE_WORDS) yield `${before} ${last} ${next}`;
    [before, last] = [last, next];
  }
  if (words > 0 && words < SHINGLE_WORDS) yield `${before} ${last}`;
}
