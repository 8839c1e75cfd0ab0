import { formatCount } from '../progress/terminal.js';

/** Counts the records that got fewer negatives than `numNeg`, for the end of the run. */
export function shortfallCounter(stage: 'bm25_hard_neg' | 'judge_negatives' = 'bm25_hard_neg') {
  let records = 0;
  let negatives = 0;
  return {
    onShortfall(missing: number): void {
      records += 1;
      negatives += missing;
    },
    /** One line, or none if nothing is missing. */
    lines(): string[] {
      if (records === 0) return [];
      const short = records === 1 ? '1 record is' : `${formatCount(records)} records are`;
      return [
        `  ${stage}: ${short} short of ${formatCount(negatives)} negatives (no other document passed the ${stage === 'bm25_hard_neg' ? 'rules' : 'rules and the judge'})`,
      ];
    },
  };
}

/** Counts the records that each stage passed on because its output was there, for the end of the run. */
export function keptCounter() {
  const counts = new Map<string, number>();
  return {
    onKept(stage: string): void {
      counts.set(stage, (counts.get(stage) ?? 0) + 1);
    },
    /** A line for each stage that kept records. */
    lines(): string[] {
      return [...counts].map(
        ([stage, count]) =>
          `  ${stage}: ${count === 1 ? '1 record' : `${formatCount(count)} records`} had its output already, and passed as before`,
      );
    },
  };
}
