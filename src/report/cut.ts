import type { Entry } from './entry.js';

/** The start of a text, with a note of how much is left out. It is copied, so that the whole can be let go. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const left = new Intl.NumberFormat('en').format(text.length - most);
  return `${startOf(text, most)} … [${left} more characters]`;
}

/** The first characters of a text, in memory of their own. */
export function startOf(text: string, most: number): string {
  return Buffer.from(text.slice(0, most)).toString();
}

/** An entry none of whose texts is longer; each negative has half of it. */
export function cutEntry(entry: Entry, most: number): Entry {
  const short = (text: string | undefined, limit = most) => (text === undefined ? undefined : cut(text, limit));
  const { rejected } = entry;
  return {
    ...entry,
    id: short(entry.id, 200),
    title: short(entry.title, 500),
    text: short(entry.text),
    question: short(entry.question, most / 2),
    scenario: short(entry.scenario, most / 2),
    reasoning: short(entry.reasoning),
    negatives: entry.negatives.slice(0, 20).map((negative) => ({ ...negative, text: cut(negative.text, most / 2) })),
    ...(rejected && {
      rejected: { ...rejected, reason: cut(rejected.reason, 500), answer: short(rejected.answer, most / 2) },
    }),
  };
}
