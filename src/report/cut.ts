import { formatCount } from '../util/formatNumbers.js';
import type { Entry } from './entry.js';

/** Shortens a text to `maxLength` characters, with a note of how many are left out. Copies it, so that the whole can be freed. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const left = formatCount(text.length - maxLength);
  return `${startOf(text, maxLength)} … [${left} more characters]`;
}

/** Copies the first characters of a text, with … if there are more. */
export function opening(text: string, maxLength: number): string {
  const start = startOf(text, maxLength);
  return text.length > maxLength ? `${start.trimEnd()} …` : start;
}

function startOf(text: string, maxLength: number): string {
  return Buffer.from(text.slice(0, maxLength)).toString();
}

/** Shortens the texts of an entry to `maxLength` characters, and other parts to less. */
export function cutEntry(entry: Entry, maxLength: number): Entry {
  const short = (text: string | undefined, limit = maxLength) => (text === undefined ? undefined : cut(text, limit));
  const { rejected } = entry;
  return {
    ...entry,
    id: short(entry.id, 200),
    title: short(entry.title, 500),
    text: short(entry.text),
    question: short(entry.question, maxLength / 2),
    scenario: short(entry.scenario, maxLength / 2),
    reasoning: short(entry.reasoning),
    negatives: entry.negatives
      .slice(0, 20)
      .map((negative) => ({ ...negative, text: cut(negative.text, maxLength / 2) })),
    ...(rejected && {
      rejected: { ...rejected, reason: cut(rejected.reason, 500), answer: short(rejected.answer, maxLength / 2) },
    }),
  };
}
