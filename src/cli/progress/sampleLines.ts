import type { StageAnswers } from '../../trial/sampleAnswers.js';
import { formatCount, formatSeconds } from '../../util/formatNumbers.js';
import { oneLine } from './terminal.js';

const EXAMPLE_LENGTH = 200;

/** Labels of the facts that are counted, in the order in which they are shown. */
const labels: Record<keyof StageAnswers['counts'], string> = {
  finishReason: 'finish reason',
  parsed: 'JSON',
  repairs: 'faults of the JSON',
  thinking: 'thinking from',
  answerFrom: 'whole answer in',
  cut: 'cut off at',
  servedModel: 'the server calls the model',
};
const valueNames: Record<string, string> = { none: 'as sent', fence: 'found in other text', repair: 'with faults' };

/** Describes the answers of a stage to a sample: a summary, and a line for each thing that was found in them. */
export function sampleLines({ records, accepted, sums, counts, rejected, seconds, example }: StageAnswers): string[] {
  const share = `${formatCount(accepted)} of ${formatCount(records)} answered well`;
  const tokens =
    accepted === 0
      ? ''
      : `, ${formatCount(Math.round(sums.promptTokens / accepted))} + ${formatCount(Math.round(sums.completionTokens / accepted))} tokens a record`;
  const thought = sums.reasoningTokens === 0 ? '' : `, ${formatCount(sums.reasoningTokens)} of them thinking`;
  const lines = [`${share} in ${formatSeconds(seconds)}: ${formatCount(sums.attempts)} requests${tokens}${thought}`];
  for (const [name, label] of Object.entries(labels) as [keyof StageAnswers['counts'], string][]) {
    const values = Object.entries(counts[name]).sort(([, a], [, b]) => b - a);
    const nameOf = (value: string) => (name === 'parsed' ? (valueNames[value] ?? value) : oneLine(value));
    const shown = values.map(([value, count]) => `${nameOf(value)} ${formatCount(count)}`);
    if (shown.length > 0) lines.push(`${label}: ${shown.join(', ')}`);
  }
  for (const { count, reason, answer } of rejected) {
    lines.push(`rejected ${formatCount(count)}: ${oneLine(reason)}`);
    if (answer !== undefined) lines.push(`  one answer: ${inShort(answer)}`);
  }
  if (example !== undefined) lines.push(`for example: ${inShort(example)}`);
  return lines;
}

function inShort(text: string): string {
  const line = oneLine(text);
  return line.length <= EXAMPLE_LENGTH ? line : `${line.slice(0, EXAMPLE_LENGTH - 1).trimEnd()}…`;
}
