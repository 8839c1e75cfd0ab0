import { isRecord } from '../../record.js';
import { hasAnswerTags } from '../../util/answerTags.js';
import type { Thinking } from '../chatModel.js';

/** An answer and the reasoning that came with it. */
export interface SplitAnswer {
  text: string;
  thinking?: Thinking | undefined;
}

/**
 * Separates a message's reasoning from its answer. Reasoning comes in `reasoning`, `reasoning_content`,
 * `reasoning_details[]` (texts and summaries; encrypted parts are ignored), `thinking`, as parts of a content list, or as a
 * leading `<think>…</think>` (`<thinking>`, `<thought>`, `[THINK]`), also without its opener (templates that end in
 * `<think>`) or its closer (then all of it is reasoning). A text that also marks its `<answer>…</answer>` is complete
 * training text already and is not changed.
 */
export function splitReasoning(message: Record<string, unknown>): SplitAnswer {
  const { content } = message;
  const inText = splitThinkBlock(textOfParts(content, 'text'));
  const separate: [string, Thinking['source']][] = [
    [textOfParts(message.reasoning, 'text', 'summary'), 'reasoning'],
    [textOfParts(message.reasoning_content, 'text'), 'reasoning_content'],
    [textOfParts(message.reasoning_details, 'text', 'summary'), 'reasoning_details'],
    [textOfParts(message.thinking, 'text'), 'thinking'],
    [Array.isArray(content) ? textOfParts(content, 'thinking') : '', 'content-parts'],
  ];
  const found = separate.find(([text]) => text.trim() !== '');
  return found === undefined ? inText : { text: inText.text, thinking: { text: found[0], source: found[1] } };
}

const THINK_OPENER = /^\s*(?:<(think|thinking|thought|seed:think)>|\[(THINK)\])/;

function splitThinkBlock(text: string): SplitAnswer {
  const opener = THINK_OPENER.exec(text);
  const [closer, opened] = markersOf(opener);
  const close = text.indexOf(closer);
  if (opener === null && (close === -1 || text.lastIndexOf(opened, close) !== -1)) return { text };
  if (close !== -1 && hasAnswerTags(text.slice(close))) return { text };
  const end = close === -1 ? text.length : close;
  const reasoning = text.slice(opener?.[0].length ?? 0, end).trim();
  const answer = text.slice(end + closer.length).trimStart();
  return reasoning === '' ? { text: answer } : { text: answer, thinking: { text: reasoning, source: 'think-block' } };
}

/** Returns the closer that belongs to an opener, and the opener; without one, those of `<think>`. */
function markersOf(opener: RegExpExecArray | null): [closer: string, opener: string] {
  const [, tag = 'think', bracketed] = opener ?? [];
  return bracketed === undefined ? [`</${tag}>`, `<${tag}>`] : [`[/${bracketed}]`, `[${bracketed}]`];
}

/** Returns the text of a string, or of the parts of a list, from the first key that has some. */
function textOfParts(value: unknown, ...keys: string[]): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value
    .map((part) => {
      if (!isRecord(part)) return '';
      return keys.map((key) => textOfParts(part[key], 'text')).find((text) => text !== '') ?? '';
    })
    .join('');
}
