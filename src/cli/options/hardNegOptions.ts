import { formatCount } from '../progress/terminal.js';
import { count, group, number, option, otherwise, wholeNumber } from './option.js';
import { groupKeyOption } from './options.js';

const amount = (flags: string, description: string) => option(flags, description).argParser(number);

/** What bm25-hard-neg and run tell the miner of negatives. No default is set here, only told: a profile has its own. */
export const hardNegOptions = () =>
  group('Negatives', [
    otherwise('3', count('--num-neg <n>', 'negatives for each question')),
    otherwise(
      'dissimilar',
      option(
        '--sampling <how>',
        'which candidates are taken: top, the best; random; dissimilar, those least similar to the positive',
      ).choices(['top', 'random', 'dissimilar']),
    ),
    otherwise('20, or 4 × num-neg if more', count('--window, --candidate-window <n>', 'how many candidates there are')),
    amount('--max-positive-similarity <x>', 'take none that is more similar to the positive, 0 to 1'),
    option('--skip-top <n>', 'leave out this many of the best-ranked documents').argParser(wholeNumber(0)),
    count('--range-min <rank>', 'the best rank that may be taken, from 1'),
    count('--range-max <rank>', 'the last rank that may be taken'),
    amount('--min-score <x>', 'the least score that may be taken'),
    amount('--max-score <x>', 'the greatest score that may be taken'),
    amount('--max-score-ratio <x>', "take only scores under this part of the positive's own (NV-Retriever: 0.95)"),
    amount('--absolute-margin <x>', "take only scores that are at least this much under the positive's own"),
    otherwise(
      '0.8',
      amount('--near-duplicate <x>', 'leave out what shares this part of its three-word shingles with the positive'),
    ),
    option('--no-near-duplicate', 'take near-duplicates of the positive too'),
    groupKeyOption('leave out documents that hold the same as the positive under this key; the index must keep it'),
    option(
      '--group-pattern <regexp>',
      'the same by ids: leave out documents in whose id this finds what it finds in that of the positive',
    ),
    option('--exclude-ids <key>', 'the key that holds a list of ids that must not be taken'),
    option('--input-positives-key <key>', 'the key that holds a list of further positives, by text or id'),
    otherwise('question', option('--query <what>', 'what is searched for').choices(['question', 'scenario+question'])),
    otherwise('lucene', option('--weighting <how>', 'how the terms of a query weigh').choices(['lucene', 'dataflow'])),
    option('--profile <tool>', 'choose exactly as this tool does, duplicates and all').choices([
      'dataflow',
      'reasonir',
    ]),
    option('--details', 'write ids, ranks, scores and similarities to hard_negatives_details too'),
    option('--no-require-positive', 'mine also for documents that are not in the index'),
  ]);

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
