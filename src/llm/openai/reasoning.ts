import { isRecord } from '../../record.js';
import type { Thinking } from '../chatModel.js';

export interface Answer {
  text: string;
  thinking?: Thinking | undefined;
}

/**
 * Parts a message's thinking from its answer. Thinking comes in `reasoning`, `reasoning_content`, `reasoning_details[]`
 * (texts and summaries; what is encrypted is left), `thinking`, as parts of a content list, or as a leading
 * `<think>…</think>` (`<thinking>`, `<thought>`, `[THINK]`), also with its opener missing (templates that end in `<think>`)
 * or its closer (then all of it is thinking). A text that also marks its `<answer>…</answer>` is whole training text already
 * and is left alone.
 */
export function splitThinking(message: Record<string, unknown>): Answer {
  const { content } = message;
  const inText = splitThinkBlock(textOf(content, 'text'));
  const apart: [string, Thinking['source']][] = [
    [textOf(message.reasoning, 'text', 'summary'), 'reasoning'],
    [textOf(message.reasoning_content, 'text'), 'reasoning_content'],
    [textOf(message.reasoning_details, 'text', 'summary'), 'reasoning_details'],
    [textOf(message.thinking, 'text'), 'thinking'],
    [Array.isArray(content) ? textOf(content, 'thinking') : '', 'content-parts'],
  ];
  const found = apart.find(([words]) => words.trim() !== '');
  return found === undefined ? inText : { text: inText.text, thinking: { text: found[0], source: found[1] } };
}

const openers = /^\s*(?:<(think|thinking|thought|seed:think)>|\[(THINK)\])/;

function splitThinkBlock(text: string): Answer {
  const opener = openers.exec(text);
  const [closer, opened] = markersOf(opener);
  const close = text.indexOf(closer);
  if (opener === null && (close === -1 || text.lastIndexOf(opened, close) !== -1)) return { text };
  if (close !== -1 && /<answer>[\s\S]*<\/answer>/.test(text.slice(close))) return { text };
  const end = close === -1 ? text.length : close;
  const thought = text.slice(opener?.[0].length ?? 0, end).trim();
  const answer = text.slice(end + closer.length).trimStart();
  return thought === '' ? { text: answer } : { text: answer, thinking: { text: thought, source: 'think-block' } };
}

/** The closer that belongs to an opener, and the opener; `</think>` is looked for where there is none. */
function markersOf(opener: RegExpExecArray | null): [closer: string, opener: string] {
  const [, tag = 'think', bracketed] = opener ?? [];
  return bracketed === undefined ? [`</${tag}>`, `<${tag}>`] : [`[/${bracketed}]`, `[${bracketed}]`];
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
