import { isSearcher, type Searcher } from '../../search/searcher.js';
import { callback, choice, number, object, onOff, text, value, wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { recordOptions } from '../recordOptions.js';
import { SharedPositives } from './sharedPositives.js';

const group = 'Negatives';
const { textKey, titleKey, questionKey, scenarioKey, negativesKey, idKey, positivesKey } = keyOptions;

/** The negatives that `run` mines beyond `numNeg` for its judge. */
export const SPARE_FOR_JUDGE = 5;

/** Which documents of the ranking may become negatives, and how they are chosen. */
export const negativeRules = {
  sampling: choice(['top', 'random', 'dissimilar'], {
    help: 'which candidates are taken: top, the best ranked; random; dissimilar, the least similar to the positive by the cosine of BM25 weights',
    default: 'dissimilar',
    placeholder: '<how>',
    group,
  }),
  candidateWindow: wholeNumber({
    help: 'how many candidates are compared and chosen from; spares do not widen it',
    defaultFrom: ({ numNeg }) => Math.max(20, 4 * Number(numNeg)),
    defaultText: '20, or 4 x numNeg if more',
    group,
    aliases: ['window'],
  }),
  maxPositiveSimilarity: number({
    help: 'keep candidates that are at most this similar to the positive, from 0 to 1',
    defaultText: 'no limit',
    above: 0,
    max: 1,
    group,
  }),
  skipTop: wholeNumber({
    help: 'leave out this many of the best-ranked documents',
    default: 0,
    min: 0,
    group,
  }),
  rangeMin: wholeNumber({
    help: 'the first rank that may be taken; ranks start at 1 and count the positive',
    default: 1,
    placeholder: '<rank>',
    group,
  }),
  rangeMax: wholeNumber({
    help: 'the last rank that may be taken',
    defaultText: 'no limit',
    placeholder: '<rank>',
    group,
  }),
  minScore: number({
    help: 'keep candidates scoring at least this much; a score of 0 is never taken',
    default: 0,
    group,
  }),
  maxScore: number({ help: 'keep candidates scoring at most this much', defaultText: 'no limit', group }),
  maxScoreRatio: number({
    help: "keep candidates scoring below this fraction of the positive's score (NV-Retriever: 0.95)",
    defaultText: 'no limit',
    group,
  }),
  absoluteMargin: number({
    help: "keep candidates scoring at least this much less than the positive's score",
    defaultText: 'no limit',
    group,
  }),
  nearDuplicate: number({
    help: 'leave out documents that share at least this fraction of three-word shingles with the positive or with a better negative (Jaccard)',
    helpOff: 'keep near-duplicates of the positive; a document of the same text is left out in any case',
    default: 0.8,
    above: 0,
    max: 1,
    group,
  }),
  containment: number({
    help: 'leave out documents if at least this fraction of the three-word shingles of the shorter is in the longer, of them and the positive or a better negative: a passage and its page',
    helpOff: 'keep documents that contain the positive or are contained in it',
    defaultFrom: ({ nearDuplicate }) => (nearDuplicate === false ? false : 0.8),
    defaultText: '0.8; off if near-duplicates are kept',
    above: 0,
    max: 1,
    group,
  }),
  groupKey: text({
    help: 'leave out documents with the same value under this key as a positive, such as passages of one page; the index must keep it',
    defaultText: 'none',
    placeholder: '<key>',
    group,
  }),
  groupPattern: value<string | RegExp>(
    {
      help: 'leave out documents whose id is in the group of a positive: the group is what this finds in the id, or its first parenthesis',
      defaultText: 'none',
      placeholder: '<regexp>',
      group,
    },
    { expected: 'a regular expression', accepts: isPattern },
  ),
};

/** The options that a profile decides, so that they cannot be set as well. */
export const decidedByProfile = {
  ...negativeRules,
  excludeIds: text({
    help: 'the key of a list of ids that must not be taken, if records have one',
    placeholder: '<key>',
    group,
  }),
  positivesKey,
  query: choice(['question', 'scenario+question'], {
    help: 'what is searched for',
    defaultFrom: ({ profile }) => (profile === 'reasonir' ? 'scenario+question' : 'question'),
    defaultText: 'question',
    placeholder: '<what>',
    group,
  }),
  weighting: choice(['lucene', 'dataflow'], {
    help: 'how the terms of the query weigh: lucene, by their count; dataflow, by their own BM25 weight, as in gensim',
    defaultFrom: ({ profile }) => (profile === undefined ? 'lucene' : 'dataflow'),
    defaultText: 'lucene',
    placeholder: '<how>',
    group,
  }),
};

export const bm25HardNegOptions = {
  index: object<Searcher>()(
    { help: 'the index of the whole corpus', required: true },
    { expected: "an open index: await openIndex('corpus.bm25')", accepts: isSearcher },
  ),
  numNeg: wholeNumber({
    help: 'negatives for each question',
    defaultFrom: ({ profile }) => (profile === 'reasonir' ? 1 : 3),
    defaultText: '3, or 1 for the profile reasonir',
    group,
  }),
  spare: wholeNumber({
    help: 'mine this many more, so that a judge can leave some out; dissimilar sampling takes the best ranked for all of them but one, half of all at most',
    min: 0,
    defaultFrom: ({ judgeNegatives }) => (judgeNegatives === true ? SPARE_FOR_JUDGE : 0),
    defaultText: '0, or 5 before judge-negatives in run',
    group,
  }),
  ...decidedByProfile,
  maxPositiveShare: number({
    help: 'reject questions with more than this fraction of their words in their own document: they are too easy',
    defaultText: 'no limit',
    min: 0,
    max: 1,
    group,
  }),
  minPositiveRank: wholeNumber({
    help: 'reject questions for which their own document ranks higher than this: they are too easy',
    default: 1,
    placeholder: '<rank>',
    group,
  }),
  profile: choice(['dataflow', 'reasonir'], {
    help: 'choose exactly as this tool does, duplicates of the positive included; excludes every other rule',
    placeholder: '<tool>',
    group,
  }),
  details: onOff({
    help: 'also write the ids, ranks, scores and similarities of the negatives, to the key NEGATIVES_details',
    default: false,
    group,
  }),
  requirePositive: onOff({
    help: "stop if the index holds none of the first 100 records' own documents: it was built from other texts",
    helpOff: 'also process documents that are not in the index',
    default: true,
    group,
  }),
  seed: wholeNumber({ help: 'seeds the random sampling', default: 0, min: 0 }),
  sharedPositives: object<SharedPositives>()(
    { help: "the positives of questions that several records ask, which are not one another's negatives" },
    { expected: 'the result of findSharedPositives(records)', accepts: (given) => given instanceof SharedPositives },
  ),
  onNotice: callback<(notice: string) => void>()({
    help: 'called with a remark on options that do not fit the index',
    defaultText: 'a process warning',
  }),
  onShortfall: callback<(missing: number) => void>()({
    help: 'called with how many negatives a record lacks, if it has fewer than numNeg',
  }),
  textKey,
  titleKey,
  questionKey,
  scenarioKey,
  negativesKey,
  idKey,
  ...recordOptions,
};

function isPattern(pattern: unknown): boolean {
  if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) return false;
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}
