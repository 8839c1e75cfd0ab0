import { Shingles } from '../../util/shingles.js';

/** Returns the distinct shingles of a text, as fingerprints. */
export function shinglesOf(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const walk = new Shingles(text); walk.next(); ) found.add(walk.fingerprint);
  return found;
}

/** The share that two texts must have in common to count as copies; false for a measure that is not used. */
export interface CopyRules {
  /** The least Jaccard coefficient of the two sets of shingles. */
  nearDuplicate: number | false;
  /** The least share of the shingles of the shorter text that are in the longer one. */
  containment: number | false;
}

/**
 * Returns the rule by which two texts are copies, given their shingles: their resemblance (common shingles over all) or the containment
 * of the shorter in the longer, such as a passage in its page. Counts only as far as it takes to rule both out.
 *
 * A. Broder, "On the resemblance and containment of documents", 1997, which also compares shingles by fingerprints.
 */
export function copyRule(
  a: ReadonlySet<number>,
  b: ReadonlySet<number>,
  { nearDuplicate, containment }: CopyRules,
): keyof CopyRules | undefined {
  const [shorter, longer] = a.size <= b.size ? [a, b] : [b, a];
  if (shorter.size === 0) return undefined;
  const alike = nearDuplicate === false ? Infinity : (nearDuplicate * (a.size + b.size)) / (1 + nearDuplicate);
  const contained = containment === false ? Infinity : containment * shorter.size;
  const spare = shorter.size - Math.min(alike, contained) + COUNT_TOLERANCE;
  let common = 0;
  let foreign = 0;
  for (const shingle of shorter) {
    if (longer.has(shingle)) common++;
    else if (++foreign > spare) return undefined;
  }
  if (common >= alike - COUNT_TOLERANCE) return 'nearDuplicate';
  return common >= contained - COUNT_TOLERANCE ? 'containment' : undefined;
}

/** Counts are whole numbers: a limit that rounding puts a little above one must not exclude it. */
const COUNT_TOLERANCE = 1e-6;
