import { partAnswer } from '../../answers/partAnswer.js';
import { isRecord, isText } from '../../record.js';
import type { Completion, Thinking } from '../chatModel.js';

/** An answer and the reasoning that came with it. */
export type SplitAnswer = Pick<Completion, 'text' | 'thinking' | 'cut'>;

/**
 * Separates a message's reasoning from its answer. Reasoning comes in `reasoning`, `reasoning_content`,
 * `reasoning_details[]` (texts and summaries; encrypted parts are ignored), `thinking`, as parts of a content list, or marked
 * in the text. A message without content that calls one tool has its arguments as answer.
 */
export function splitReasoning(message: Record<string, unknown>): SplitAnswer {
  const { content } = message;
  const written = textOfParts(content, 'text');
  const inText = partAnswer(isText(written) ? written : argumentsOf(message) || written);
  const separate: [string, Thinking['source']][] = [
    [textOfParts(message.reasoning, 'text', 'summary'), 'reasoning'],
    [textOfParts(message.reasoning_content, 'text'), 'reasoning_content'],
    [textOfParts(message.reasoning_details, 'text', 'summary'), 'reasoning_details'],
    [textOfParts(message.thinking, 'text'), 'thinking'],
    [Array.isArray(content) ? textOfParts(content, 'thinking') : '', 'content-parts'],
    [inText.thinking ?? '', 'think-block'],
  ];
  const [text, source] = separate.find(([thought]) => isText(thought)) ?? [];
  return {
    text: inText.text,
    ...(text !== undefined && source !== undefined && { thinking: { text, source } }),
    ...(inText.cut !== undefined && { cut: inText.cut }),
  };
}

/** Returns the arguments of the only tool that a message calls. In a stream they come in pieces. */
function argumentsOf({ tool_calls: calls, function_call: old }: Record<string, unknown>): string {
  const pieces = [old, ...(Array.isArray(calls) ? calls : [])].filter(isRecord);
  if (pieces.some(({ index = 0 }) => index !== 0)) return '';
  const texts = pieces.map((call) => (isRecord(call.function) ? call.function : call).arguments);
  const [first] = texts;
  if (texts.length === 1 && isRecord(first)) return JSON.stringify(first);
  return texts.every((text) => text === undefined || typeof text === 'string') ? texts.join('') : '';
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
