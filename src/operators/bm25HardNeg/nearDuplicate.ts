import { Shingles } from '../../util/shingles.js';

/** The distinct shingles of a text, found as far as somebody looks. */
export class DistinctShingles {
  readonly #found: number[] = [];
  readonly #seen = new Set<number>();
  readonly #walk: Shingles;

  constructor(text: string) {
    this.#walk = new Shingles(text);
  }

  /** The fingerprint of the one at `place`; undefined behind the last. */
  at(place: number): number | undefined {
    while (place >= this.#found.length && this.#walk.next()) {
      const { fingerprint } = this.#walk;
      if (this.#seen.has(fingerprint)) continue;
      this.#seen.add(fingerprint);
      this.#found.push(fingerprint);
    }
    return this.#found[place];
  }
}

/**
 * Tells near-duplicates of one text: those whose resemblance to it, the Jaccard coefficient of the two sets of shingles, is at
 * least `threshold` (A. Broder, "On the resemblance and containment of documents", 1997, where shingles are compared by
 * fingerprints too).
 */
export class NearDuplicates {
  readonly #shingles = new Set<number>();
  /** A text with more shingles of its own than this cannot reach the threshold. */
  readonly #mostForeign: number;

  constructor(
    text: string,
    private readonly threshold: number,
  ) {
    for (const walk = new Shingles(text); walk.next(); ) this.#shingles.add(walk.fingerprint);
    this.#mostForeign = (this.#shingles.size * (1 - threshold)) / threshold;
  }

  /** Looks no further into the other text than it takes to rule it out. */
  includes(other: DistinctShingles): boolean {
    let common = 0;
    let foreign = 0;
    for (let shingle = other.at(0); shingle !== undefined; shingle = other.at(common + foreign)) {
      if (this.#shingles.has(shingle)) common++;
      else if (++foreign > this.#mostForeign) return false;
    }
    return common > 0 && common >= this.threshold * (this.#shingles.size + foreign);
  }
}
