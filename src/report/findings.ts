import type { Collector } from './collector.js';
import type { RunSummary } from './runSummary.js';
import type { Warning } from './warnings.js';

/** Something a person should know before they train on the records. */
export interface Finding {
  /** The filter of the browser that shows such records, where there is one. */
  warning?: Warning | undefined;
  /** The data may be useless, should be looked at, or merely have a property. */
  level: 'serious' | 'look' | 'note';
  /** How many, and of what share, where it is about records. */
  count: number;
  share: number;
  words: string;
}

/** Under so many records nothing is typical. */
const enoughToCompare = 20;
const highRejectShare = 0.05;

/** Reasoning is short where it has under a quarter of the characters of the median. */
export function shortReasoningLimit({ lengths: { reasoning } }: Collector): number {
  return reasoning.count < enoughToCompare ? 0 : reasoning.quantile(0.5) / 4;
}

const says: [Warning, Finding['level'], (count: number) => string][] = [
  ['offline', 'serious', (n) => `${were(n)} written by the offline model, which shows the plumbing: no training data.`],
  ['cutShort', 'serious', (n) => `${have(n)} an answer that was cut at the token limit: raise --max-tokens.`],
  ['empty', 'serious', (n) => `${have(n)} an empty question, scenario or reasoning.`],
  [
    'mentionsDocument',
    'look',
    (n) =>
      `${n === 1 ? 'question mentions' : 'questions mention'} “the document” or the like; a question must stand alone.`,
  ],
  [
    'negativeAbove',
    'look',
    (n) => `${have(n)} a negative that scores above the positive, and may answer the question.`,
  ],
  ['duplicate', 'look', (n) => `${n === 1 ? 'question was' : 'questions were'} asked before, word for word.`],
  ['nearDuplicate', 'look', (n) => `${n === 1 ? 'question is' : 'questions are'} nearly the same as an earlier one.`],
  ['shortReasoning', 'look', (n) => `${have(n)} reasoning of less than a quarter of the usual length.`],
  ['fewNegatives', 'note', (n) => `${have(n)} fewer negatives than were asked for.`],
];

/** What stands out, the worst first. */
export function findings(collected: Collector, summary: RunSummary | undefined): Finding[] {
  const { records, rejected, unreadable, lengths } = collected;
  const warned = { ...collected.warned, shortReasoning: lengths.reasoning.below(shortReasoningLimit(collected)) };
  const found: Finding[] = [];
  const all = summary?.in ?? records + rejected;
  if (unreadable > 0) {
    const words = `${unreadable === 1 ? 'line of the output is' : 'lines of the output are'} no JSON.`;
    found.push({ level: 'serious', count: unreadable, share: unreadable / (records + unreadable), words });
  }
  if (rejected > highRejectShare * all) {
    const words = 'of what came in was rejected: see the reasons below.';
    found.push({ level: 'serious', count: rejected, share: rejected / all, words });
  }
  if (summary?.state !== undefined && summary.state !== 'done') {
    const words = `The run was ${summary.state}${summary.reason === undefined ? '' : `: ${summary.reason}`}.`;
    found.push({ level: 'look', count: 0, share: 0, words });
  }
  for (const [warning, level, words] of says) {
    const count = warned[warning];
    if (count > 0) found.push({ warning, level, count, share: count / records, words: words(count) });
  }
  const order = ['serious', 'look', 'note'];
  return found.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level) || b.count - a.count);
}

const have = (count: number) => (count === 1 ? 'record has' : 'records have');
const were = (count: number) => (count === 1 ? 'record was' : 'records were');
