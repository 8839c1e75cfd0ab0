import { isRecord } from '../record.js';
import type { Thinking } from './chatModel.js';

export interface Answer {
  text: string;
  thinking?: Thinking | undefined;
}

/**
 * Parts a message's thinking from its answer. Thinking comes in `reasoning`, `reasoning_content`, `reasoning_details[]`,
 * as parts of a content list, or as a leading `<think>…</think>`, also with its opener missing (templates that end in
 * `<think>`) or its closer (then all of it is thinking). A text that also marks its `<answer>…</answer>` is whole training
 * text already and is left alone.
 */
export function splitThinking(message: Record<string, unknown>): Answer {
  const { content, reasoning, reasoning_content: reasoningContent, reasoning_details: details } = message;
  const text = textOf(content, 'text');
  const apart: [string, Thinking['source']][] = [
    [typeof reasoning === 'string' ? reasoning : '', 'reasoning'],
    [typeof reasoningContent === 'string' ? reasoningContent : '', 'reasoning_content'],
    [textOf(details, 'text', 'summary'), 'reasoning_details'],
    [Array.isArray(content) ? textOf(content, 'thinking') : '', 'reasoning_content'],
  ];
  const found = apart.find(([words]) => words.trim() !== '');
  if (found !== undefined) return { text, thinking: { text: found[0], source: found[1] } };
  return splitThinkBlock(text);
}

function splitThinkBlock(text: string): Answer {
  const opener = /^\s*<think>/.exec(text)?.[0] ?? '';
  const close = text.indexOf('</think>');
  if (opener === '' && (close === -1 || text.lastIndexOf('<think>', close) !== -1)) return { text };
  if (close !== -1 && /<answer>[\s\S]*<\/answer>/.test(text.slice(close))) return { text };
  const end = close === -1 ? text.length : close;
  const thought = text.slice(opener.length, end).trim();
  const answer = text.slice(end + '</think>'.length).trimStart();
  return thought === '' ? { text: answer } : { text: answer, thinking: { text: thought, source: 'think-block' } };
}

/** The text of a string, or of the parts of a list, from the first of the keys that holds some. */
function textOf(value: unknown, ...keys: string[]): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value
    .map((part) => {
      if (!isRecord(part)) return '';
      return keys.map((key) => textOf(part[key], 'text')).find((words) => words !== '') ?? '';
    })
    .join('');
}
