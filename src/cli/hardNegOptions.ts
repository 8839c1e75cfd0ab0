import { count, groupKeyOption, number, option, wholeNumber } from './options.js';
import { formatCount } from './terminal.js';

const amount = (flags: string, description: string) => option(flags, description).argParser(number);

/** What bm25-hard-neg and run tell the miner of negatives. No default stands here: a profile has its own. */
export const hardNegOptions = () => [
  count('--num-neg <n>', 'negatives per question (default: 3)'),
  option(
    '--sampling <how>',
    'take the best, any, or those least similar to the positive (default: dissimilar)',
  ).choices(['top', 'random', 'dissimilar']),
  count('--window, --candidate-window <n>', 'candidates to choose from (default: 20, or 4 × num-neg if more)'),
  amount('--max-positive-similarity <x>', 'take none more similar to the positive than this, 0 to 1'),
  option('--skip-top <n>', 'leave out so many of the best-ranked documents').argParser(wholeNumber(0)),
  count('--range-min <rank>', 'the best rank that may be taken'),
  count('--range-max <rank>', 'the last rank that may be taken'),
  amount('--min-score <x>', 'the least score that may be taken'),
  amount('--max-score <x>', 'the greatest score that may be taken'),
  amount('--max-score-ratio <x>', "take only scores under this part of the positive's own (NV-Retriever: 0.95)"),
  amount('--absolute-margin <x>', "take only scores that are less than the positive's own by this"),
  amount('--near-duplicate <x>', 'leave out what shares this part of its shingles with the positive (default: 0.8)'),
  option('--no-near-duplicate', 'take near-duplicates of the positive too'),
  groupKeyOption('leave out documents that hold the same under this key as the positive; the index must keep it'),
  option(
    '--group-pattern <regexp>',
    'as --group-key by the ids: leave out documents in whose id this finds what it finds in the id of the positive',
  ),
  option('--exclude-ids <key>', 'the key of a list of ids that must not be taken'),
  option('--input-positives-key <key>', 'the key of a list of further positives, by text or id'),
  option('--query <what>', 'what is searched for (default: question)').choices(['question', 'scenario+question']),
  option('--weighting <how>', 'how the terms of a query weigh (default: lucene)').choices(['lucene', 'dataflow']),
  option('--profile <tool>', 'choose exactly as that tool does, duplicates and all').choices(['dataflow', 'reasonir']),
  option('--details', 'write ids, ranks, scores and similarities to hard_negatives_details too'),
  option('--no-require-positive', 'mine also for documents that are not in the index'),
];

/** What the miner is told by flags, besides the keys that only one of the two commands has. */
export interface HardNegFlags {
  numNeg?: number;
  sampling?: 'top' | 'random' | 'dissimilar';
  candidateWindow?: number;
  maxPositiveSimilarity?: number;
  skipTop?: number;
  rangeMin?: number;
  rangeMax?: number;
  minScore?: number;
  maxScore?: number;
  maxScoreRatio?: number;
  absoluteMargin?: number;
  nearDuplicate?: number | false;
  groupKey?: string;
  groupPattern?: string;
  excludeIds?: string;
  inputPositivesKey?: string;
  query?: 'question' | 'scenario+question';
  weighting?: 'lucene' | 'dataflow';
  profile?: 'dataflow' | 'reasonir';
  details?: boolean;
  requirePositive: boolean;
}

/** Counts the records that got fewer negatives than asked for, and says so. */
export function shortfallCounter() {
  let records = 0;
  let negatives = 0;
  return {
    onShortfall(missing: number): void {
      records += 1;
      negatives += missing;
    },
    /** For the end of the run: a line, or none where nothing is missing. */
    lines(): string[] {
      if (records === 0) return [];
      const short = records === 1 ? '1 record is' : `${formatCount(records)} records are`;
      return [
        `  bm25_hard_neg: ${short} short of ${formatCount(negatives)} negatives (no other document passed the rules)`,
      ];
    },
  };
}
