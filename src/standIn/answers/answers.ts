import type { ChatMessage } from '../../llm/chatModel.js';
import { estimateTokens } from '../../llm/cost/estimateTokens.js';
import type { FaultName } from '../faults/faults.js';
import type { ThinkPlace } from '../profiles/profile.js';
import { inFormat, type ResponseFormat } from './structured.js';

/** An answer before it is put into a message: its parts, and why it ended. */
export interface Answer {
  content: string | null;
  /** Its thinking, with the place for it. */
  thought?: { text: string; place: ThinkPlace };
  refusal?: string;
  finishReason: string;
}

export interface AnswerOptions {
  messages: ChatMessage[];
  format: ResponseFormat | undefined;
  fault: FaultName | undefined;
  thinks: ThinkPlace;
  /** The longest answer, in tokens. */
  cap: number | undefined;
  write: (messages: ChatMessage[]) => string;
}

const thought = 'Let me think: the material is short.';

const thinkPlaces: Partial<Record<FaultName, ThinkPlace>> = {
  thinkReasoning: 'reasoning',
  thinkReasoningContent: 'reasoning_content',
  thinkDetails: 'reasoning_details',
  thinkBlock: 'block',
  thinkNoOpener: 'noOpener',
};

const finishReasons: Partial<Record<FaultName, string>> = {
  finishLength: 'length',
  finishContentFilter: 'content_filter',
  finishError: 'error',
};

/** What the model says, with what the fault does to it. */
export function answerOf({ messages, format, fault, thinks, cap, write }: AnswerOptions): Answer {
  const finishReason = (fault && finishReasons[fault]) ?? 'stop';
  if (fault === 'refusal') return { content: null, refusal: "I'm sorry, I can't help with that.", finishReason };
  const place = fault === 'think' || fault === 'thinkOnly' ? thinks : fault && thinkPlaces[fault];
  const thinking = place && { thought: { text: thought, place } };
  if (fault === 'thinkOnly') return { content: '', ...thinking, finishReason };
  const content = shapeOf(inFormat(write(messages), format), fault, format !== undefined);
  if (cap === undefined || estimateTokens(content) <= cap) return { content, ...thinking, finishReason };
  return { content: cutAt(content, cap), ...thinking, finishReason: 'length' };
}

/** The longest start of a text that is no more than `cap` tokens. */
function cutAt(text: string, cap: number): string {
  let end = Math.min(text.length, cap * 4);
  while (end > 0 && estimateTokens(text.slice(0, end)) > cap) end = Math.floor(end * 0.9);
  return text.slice(0, end);
}

/** The message that carries an answer, every part in its field. */
export function messageOf({ content, thought: thinking, refusal }: Answer): Record<string, unknown> {
  const message = { role: 'assistant', content, ...(refusal !== undefined && { refusal }) };
  if (thinking === undefined) return message;
  switch (thinking.place) {
    case 'hidden':
      return message;
    case 'block':
      return { ...message, content: `<think>\n${thinking.text}\n</think>\n\n${content}` };
    case 'noOpener':
      return { ...message, content: `${thinking.text}\n</think>\n\n${content}` };
    default:
      return { ...message, ...thinkingFields(thinking.place, thinking.text) };
  }
}

export function thinkingFields(place: ThinkPlace, text: string): Record<string, unknown> {
  const details = { reasoning_details: [{ type: 'reasoning.text', text, format: 'unknown', index: 0 }] };
  if (place === 'both') return { reasoning: text, ...details };
  return place === 'reasoning_details' ? details : { [place]: text };
}

/** A doc2query answer in another shape; other answers stay as they are. */
function shapeOf(answer: string, fault: FaultName | undefined, jsonMode: boolean): string {
  if (fault === 'blank' || fault === 'blankTwice' || (fault === 'blankJsonMode' && jsonMode)) return ' \n\t';
  if (fault === 'finishLength') return answer.slice(0, Math.ceil(answer.length / 2));
  const json = /\{.*"hard_query".*\}/.exec(answer)?.[0];
  if (json === undefined) return answer;
  switch (fault) {
    case 'bareJson':
      return json;
    case 'fenced':
      return `Here it is:\n\n\`\`\`json\n${json}\n\`\`\``;
    case 'trailingComma':
      return `\`\`\`json\n${json.replace(/\}\}$/, ',},}')}\n\`\`\``;
    case 'wrongSchema':
      return json.replace('"question"', '"query"');
    case 'unparsable':
      return 'I made a question, but I would rather tell it than write JSON.';
    default:
      return answer;
  }
}
