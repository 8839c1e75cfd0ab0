import type { ChatMessage } from '../../llm/chatModel.js';
import { estimateTokens } from '../../llm/cost/estimateTokens.js';
import { isRecord } from '../../record.js';
import type { FaultName } from '../faults/faults.js';
import type { ReasoningField } from '../profiles/serverProfile.js';
import { formatAnswer, objectIn, type RequestedFormat } from './responseFormat.js';

/** The parts of an answer before they are put into a message, and why it ended. */
export interface StandInAnswer {
  content: string | null;
  /** Its thinking, and the field that carries it. */
  reasoning?: { text: string; field: ReasoningField };
  refusal?: string;
  finishReason: string;
}

export interface AnswerOptions {
  messages: ChatMessage[];
  format: RequestedFormat | undefined;
  fault: FaultName | undefined;
  reasoningIn: ReasoningField;
  /** The longest answer, in tokens. */
  maxTokens: number | undefined;
  write: (messages: ChatMessage[]) => string;
}

const REASONING = 'Let me think: the material is short.';

const reasoningFields: Partial<Record<FaultName, ReasoningField>> = {
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
  finishAbort: 'abort',
  finishUnknown: 'out_of_ink',
};

/** Writes the model's answer, and applies the fault to it. */
export function makeAnswer({ messages, format, fault, reasoningIn, maxTokens, write }: AnswerOptions): StandInAnswer {
  const finishReason = (fault && finishReasons[fault]) ?? 'stop';
  if (fault === 'refusal') return { content: null, refusal: "I'm sorry, I can't help with that.", finishReason };
  const field = fault === 'think' || fault === 'thinkOnly' ? reasoningIn : fault && reasoningFields[fault];
  const reasoning = field && { reasoning: { text: REASONING, field } };
  if (fault === 'thinkOnly') return { content: '', ...reasoning, finishReason };
  const content = spoil(formatAnswer(write(messages), format), fault, format !== undefined);
  if (fault === 'answerInReasoning') {
    const text = objectIn(content) === undefined ? content + addedTexts.answerInReasoning.written : content;
    return { content: null, reasoning: { text, field: 'reasoning_content' }, finishReason };
  }
  if (maxTokens === undefined || estimateTokens(content) <= maxTokens) return { content, ...reasoning, finishReason };
  return { content: truncate(content, maxTokens), ...reasoning, finishReason: 'length' };
}

/** Returns the longest start of a text that takes at most `maxTokens` tokens. */
function truncate(text: string, maxTokens: number): string {
  let end = Math.min(text.length, maxTokens * 4);
  while (end > 0 && estimateTokens(text.slice(0, end)) > maxTokens) end = Math.floor(end * 0.9);
  return text.slice(0, end);
}

/** The message that carries an answer, with each part in its field. */
export function assistantMessage({ content, reasoning, refusal }: StandInAnswer): Record<string, unknown> {
  const message = { role: 'assistant', content, ...(refusal !== undefined && { refusal }) };
  if (reasoning === undefined) return message;
  const { field, text } = reasoning;
  switch (field) {
    case 'hidden':
      return message;
    case 'block':
      return { ...message, content: `<think>\n${text}\n</think>\n\n${content}` };
    case 'noOpener':
      return { ...message, content: `${text}\n</think>\n\n${content}` };
    default:
      return { ...message, ...reasoningParts(field, text) };
  }
}

/** The fields of a message or a delta that carry a piece of reasoning. */
export function reasoningParts(field: ReasoningField, text: string): Record<string, unknown> {
  const details = { reasoning_details: [{ type: 'reasoning.text', text, format: 'unknown', index: 0 }] };
  if (field === 'both') return { reasoning: text, ...details };
  return field === 'reasoning_details' ? details : { [field]: text };
}

/** The text that a fault adds to an answer, as the server writes it, and as it is meant. */
export const addedTexts = {
  latexEscapes: { written: ' ($\\frac{\\nu}{\\tau}$, \\theta)', meant: ' ($\\frac{\\nu}{\\tau}$, \\theta)' },
  loneSurrogate: { written: ' \\ud83d\\u0000', meant: ' \ufffd' },
  pointsAtDocument: { written: ' What does the passage say?', meant: ' What does the passage say?' },
  answerInReasoning: { written: '\n\nSo this is the answer.', meant: '\n\nSo this is the answer.' },
} satisfies Partial<Record<FaultName, { written: string; meant: string }>>;

/** Applies a fault to the text of an answer. Faults of JSON leave an answer alone that holds no JSON object. */
function spoil(answer: string, fault: FaultName | undefined, jsonMode: boolean): string {
  if (fault === 'blank' || fault === 'blankTwice' || (fault === 'blankJsonMode' && jsonMode)) return ' \n\t';
  if (fault === 'finishLength') return answer.slice(0, Math.ceil(answer.length / 2));
  if (fault === 'thinkOtherTags') return `Sure!\n<Thinking>\n${REASONING}\n</Thinking>\n\n${answer}`;
  if (fault === 'thinkHarmony') {
    return `<|channel|>analysis<|message|>${REASONING}<|end|><|start|>assistant<|channel|>final<|message|>${answer}<|return|>`;
  }
  if (fault === 'templateTokens')
    return `${answer}<|im_end|>\n<|im_start|>user\nThanks!<|im_end|>\n<|im_start|>assistant\n`;
  const object = objectIn(answer);
  if (object === undefined) return answer;
  const json = JSON.stringify(object);
  switch (fault) {
    case 'bareJson':
      return json;
    case 'fenced':
      return `Here it is:\n\n\`\`\`json\n${json}\n\`\`\``;
    case 'trailingComma':
      return `\`\`\`json\n${json.replace(/\}+$/, (braces) => braces.replaceAll('}', ',}'))}\n\`\`\``;
    case 'wrongSchema':
      return json.replace(/"(\w+)":(?=")/g, '"other_$1":');
    case 'jsonInString':
      return JSON.stringify(json);
    case 'camelKeys':
      return json.replace('"hard_query"', '"hardQuery"');
    case 'unwrapped':
      return JSON.stringify(Object.values(object).flat().find(isRecord) ?? object);
    case 'pythonDict':
      return pythonOf(object);
    case 'toolCallText':
      return `<tool_call>\n{"name": "answer", "arguments": ${json}}\n</tool_call>`;
    case 'latexEscapes':
    case 'pointsAtDocument':
    case 'loneSurrogate':
      return withQuestionEnd(json, addedTexts[fault].written);
    case 'unparsable':
      return 'I have an answer, but I would rather describe it than write JSON.';
    default:
      return answer;
  }
}

/** Puts characters before the end of each question in some JSON, as they are. */
function withQuestionEnd(json: string, end: string): string {
  return json.replace(/"question":"(?:[^"\\]|\\.)*(?=")/g, (question) => question + end);
}

/** Writes a value as Python prints it. */
function pythonOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(', ')}]`;
  if (isRecord(value))
    return `{${Object.entries(value)
      .map(([key, inner]) => `'${key}': ${pythonOf(inner)}`)
      .join(', ')}}`;
  if (typeof value !== 'string') return value === null ? 'None' : JSON.stringify(value);
  return value.includes("'") ? JSON.stringify(value) : `'${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}'`;
}
