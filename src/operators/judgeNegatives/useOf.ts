import type { DocumentVerdictName } from './prompt.js';

export type NegativeUse = 'negative' | 'spare' | 'positive' | 'dropped';

export interface UseRules {
  /** The most negatives that are kept. */
  numNeg: number;
  onFalse: 'relabel' | 'drop' | 'reject';
  /** True if a document becomes a positive only if a second model confirmed it. */
  hasConfirmer: boolean;
  /** The negatives that are kept only if there are too few others; see `doubtfulNegatives`. */
  doubtful?: ReadonlySet<number>;
}

/** Returns the use of each negative, by the verdicts on them: `first` is that of the first model if a second one was asked. */
export function useOf(
  verdicts: { verdict: DocumentVerdictName; first?: DocumentVerdictName }[],
  rules: UseRules,
): NegativeUse[] {
  let kept = 0;
  return verdicts.map(({ verdict, first }, index) => {
    if (verdict === 'no') return !rules.doubtful?.has(index) && kept++ < rules.numNeg ? 'negative' : 'spare';
    const isCertain = !rules.hasConfirmer || first !== undefined;
    return verdict === 'answers' && rules.onFalse === 'relabel' && isCertain ? 'positive' : 'dropped';
  });
}
