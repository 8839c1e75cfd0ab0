import { formatCount } from '../util/formatNumbers.js';
import type { Collector } from './collector.js';
import type { ReadableSummary } from './runSummary.js';
import type { Warning } from './warnings.js';

/** A property of the data to know before training on it. */
export interface Finding {
  /** The filter that shows such records, if there is one. */
  warning?: Warning | undefined;
  /** `serious`: the data may be useless; `look`: check such records; `note`: for information. */
  level: 'serious' | 'look' | 'note';
  /** The number and the share of such records; 0 for a finding about the run. */
  count: number;
  share: number;
  words: string;
}

/** With fewer records no length is typical. */
const MIN_RECORDS_TO_COMPARE = 20;
const HIGH_REJECT_SHARE = 0.05;

/** Reasoning is short if it has less than a quarter of the characters of the median. */
export function shortReasoningLimit({ lengths: { reasoning } }: Collector): number {
  return reasoning.count < MIN_RECORDS_TO_COMPARE ? 0 : reasoning.quantile(0.5) / 4;
}

const messages: [Warning, Finding['level'], (count: number) => string][] = [
  [
    'offline',
    'serious',
    (n) => `${were(n)} written by the offline model, which only exercises the pipeline: they are not training data.`,
  ],
  ['cutShort', 'serious', (n) => `${have(n)} an answer that was cut at the token limit; raise --max-tokens.`],
  [
    'unknownFinish',
    'look',
    (n) => `${have(n)} an answer that ended for a reason rareflow does not know; it was taken as whole.`,
  ],
  ['empty', 'serious', (n) => `${have(n)} an empty question, scenario or reasoning.`],
  [
    'mentionsDocument',
    'look',
    (n) =>
      `${n === 1 ? 'question mentions' : 'questions mention'} “the document” or a similar word; a question must be clear without it.`,
  ],
  ['negativeAbove', 'look', (n) => `${have(n)} a negative that scores above the positive and may answer the question.`],
  ['duplicate', 'look', (n) => `${n === 1 ? 'question was' : 'questions were'} asked before, word for word.`],
  ['nearDuplicate', 'look', (n) => `${n === 1 ? 'question is' : 'questions are'} nearly the same as an earlier one.`],
  ['shortReasoning', 'look', (n) => `${have(n)} reasoning shorter than a quarter of the median.`],
  ['fewNegatives', 'note', (n) => `${have(n)} fewer negatives than requested.`],
];

/** Returns the findings, the most serious first. */
export function findings(collected: Collector, summary: ReadableSummary | undefined): Finding[] {
  const { records, rejected, unreadable, lengths } = collected;
  const warned = { ...collected.warned, shortReasoning: lengths.reasoning.below(shortReasoningLimit(collected)) };
  const found: Finding[] = [];
  const all = summary?.in ?? records + rejected;
  if (unreadable > 0) {
    const words = `${unreadable === 1 ? 'line of the output is' : 'lines of the output are'} not JSON.`;
    found.push({ level: 'serious', count: unreadable, share: unreadable / (records + unreadable), words });
  }
  if (rejected > HIGH_REJECT_SHARE * all) {
    const words = `${rejected === 1 ? 'record of the input was' : 'records of the input were'} rejected; see the reasons below.`;
    found.push({ level: 'serious', count: rejected, share: rejected / all, words });
  }
  if (summary?.state !== undefined && summary.state !== 'done') {
    const words = `The run was ${summary.state}${summary.reason === undefined ? '' : `: ${summary.reason}`}.`;
    found.push({ level: 'look', count: 0, share: 0, words });
  }
  for (const [warning, level, words] of messages) {
    const count = warned[warning];
    if (count > 0) found.push({ warning, level, count, share: count / records, words: words(count) });
  }
  found.push(...judgedFindings(collected.judgements));
  const order = ['serious', 'look', 'note'];
  return found.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level) || b.count - a.count);
}

/** Returns the share of judged negatives that answer, and of questions that fail a criterion. */
function judgedFindings({ negatives, answers, partly, questions }: Collector['judgements']): Finding[] {
  const note = (count: number, of: number, words: string): Finding[] =>
    count === 0 ? [] : [{ level: 'note', count, share: count / of, words }];
  return [
    ...note(answers, negatives, `of ${formatCount(negatives)} judged negatives answer the question.`),
    ...note(partly, negatives, `of ${formatCount(negatives)} judged negatives answer part of the question.`),
    ...Object.entries(questions).flatMap(([criterion, { judged, failed }]) =>
      note(failed, judged, `of ${formatCount(judged)} judged questions fail ${criterion}.`),
    ),
  ];
}

const have = (count: number) => (count === 1 ? 'record has' : 'records have');
const were = (count: number) => (count === 1 ? 'record was' : 'records were');
