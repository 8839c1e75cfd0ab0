import { JUDGED_DOCUMENTS, JUDGED_QUESTION, JUDGED_REASONING } from '../../record.js';
import type { ChatMessage } from '../chatModel.js';

/** The material of a prompt that asks a judge: its texts, and the kind of answer that it asks for. */
export interface JudgedRequest {
  kind: 'documents' | 'question' | 'reasoning';
  question: string;
  scenario: string;
  documents: { id: string; text: string }[];
}

const judgedKinds: [key: string, kind: JudgedRequest['kind']][] = [
  [JUDGED_DOCUMENTS, 'documents'],
  [JUDGED_QUESTION, 'question'],
  [JUDGED_REASONING, 'reasoning'],
];
const OPENING = /<(scenario|question|document)(-[0-9a-f]{12})?(?: id="([0-9a-f]{8})")?>\n/g;

/** Reads the material out of a prompt for a judge; undefined for any other prompt. Tags inside a text do not count. */
export function judgedRequest(messages: ChatMessage[]): JudgedRequest | undefined {
  const system = messages[0]?.role === 'system' ? messages[0].content : '';
  const form = system.slice(system.lastIndexOf('\n') + 1);
  const kind = judgedKinds.find(([key]) => form.startsWith(`{"${key}":`))?.[1];
  const material = messages.find(({ role }) => role === 'user')?.content;
  if (kind === undefined || material === undefined) return undefined;
  const read: JudgedRequest = { kind, question: '', scenario: '', documents: [] };
  for (let at = 0; ; ) {
    OPENING.lastIndex = at;
    const open = OPENING.exec(material);
    if (open === null) return read;
    const [tag, name = '', suffix = '', id] = open;
    const start = open.index + tag.length;
    const end = material.indexOf(`\n</${name}${suffix}>`, start);
    if (end < 0) return read;
    const text = material.slice(start, end);
    if (id !== undefined) read.documents.push({ id, text });
    else if (name === 'question' || name === 'scenario') read[name] = text;
    at = end + `\n</${name}${suffix}>`.length;
  }
}

/** Writes the answer of a judge on documents. */
export function documentsAnswer(verdicts: { id: string; reason: string; snippet: string; verdict: string }[]): string {
  return JSON.stringify({ [JUDGED_DOCUMENTS]: verdicts });
}

/** Writes the answer of a judge on criteria. */
export function criteriaAnswer(
  kind: 'question' | 'reasoning',
  id: string,
  verdicts: Record<string, { reason: string; verdict: boolean }>,
): string {
  return JSON.stringify({ [kind === 'question' ? JUDGED_QUESTION : JUDGED_REASONING]: { id, ...verdicts } });
}
