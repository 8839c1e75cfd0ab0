import { Shingles } from '../../util/shingles.js';

/** The distinct shingles of a text, computed as far as they are read. */
export class DistinctShingles {
  readonly #found: number[] = [];
  readonly #seen = new Set<number>();
  readonly #walk: Shingles;

  constructor(text: string) {
    this.#walk = new Shingles(text);
  }

  /** Returns the fingerprint of the shingle at an index; undefined after the last. */
  at(index: number): number | undefined {
    while (index >= this.#found.length && this.#walk.next()) {
      const { fingerprint } = this.#walk;
      if (this.#seen.has(fingerprint)) continue;
      this.#seen.add(fingerprint);
      this.#found.push(fingerprint);
    }
    return this.#found[index];
  }
}

/**
 * The near-duplicates of one text: those whose resemblance to it, the Jaccard coefficient of the two sets of shingles, is at
 * least `threshold` (A. Broder, "On the resemblance and containment of documents", 1997, which also compares shingles by
 * fingerprints).
 */
export class NearDuplicates {
  readonly #shingles = new Set<number>();
  readonly #threshold: number;
  /** A text with more shingles than this that are not in ours cannot reach the threshold. */
  readonly #maxForeign: number;

  constructor(text: string, threshold: number) {
    this.#threshold = threshold;
    for (const walk = new Shingles(text); walk.next(); ) this.#shingles.add(walk.fingerprint);
    this.#maxForeign = (this.#shingles.size * (1 - threshold)) / threshold;
  }

  /** Reads the other text only as far as it takes to rule it out. */
  includes(other: DistinctShingles): boolean {
    let common = 0;
    let foreign = 0;
    for (let shingle = other.at(0); shingle !== undefined; shingle = other.at(common + foreign)) {
      if (this.#shingles.has(shingle)) common++;
      else if (++foreign > this.#maxForeign) return false;
    }
    return common > 0 && common >= this.#threshold * (this.#shingles.size + foreign);
  }
}
