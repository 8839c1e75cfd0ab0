import { isRecord, isText } from '../../record.js';
import type { ChatRequest, Completion, Usage } from '../chatModel.js';
import { estimatePromptTokens, estimateTokens } from '../cost/estimateTokens.js';
import { AttemptError, type AttemptErrorOptions, type Fault } from '../failures/attemptError.js';
import type { BaseUrl } from './baseUrl.js';
import { readErrorBody } from './errorBody.js';
import { splitThinking } from './reasoning.js';

/** Where an answer came from. */
export type Answerer = Pick<BaseUrl, 'host' | 'redact'>;

/** Makes a Completion of a chat completion's JSON. Throws AttemptError where it holds no whole, usable answer. */
export function readCompletion(
  body: unknown,
  request: ChatRequest,
  { host, redact }: Answerer,
  asked: string,
): Completion {
  const answer = isRecord(body) ? body : {};
  const billed = readUsage(answer.usage);
  const fail = (fault: Fault, words: string, more: Partial<AttemptErrorOptions> = {}) =>
    new AttemptError(fault, { host, words, usage: billed, billingUnknown: billed === undefined, ...more });

  const choice: unknown = Array.isArray(answer.choices) ? answer.choices[0] : undefined;
  if (!isRecord(choice) || !isRecord(choice.message)) throw fail('no-choices', 'an answer without choices');
  const { message } = choice;
  const finishReason = isText(choice.finish_reason) ? choice.finish_reason : 'unknown';
  const { text, thinking } = splitThinking(message);
  const usage = billed ?? estimateUsage(request, text + (thinking?.text ?? ''));

  if (finishReason === 'error') {
    const { words } =
      choice.error === undefined ? { words: 'no reason' } : readErrorBody(JSON.stringify(choice), redact);
    throw fail('finish-error', `the server broke off with ${words}`, { answer: text });
  }
  if (finishReason === 'content_filter') throw fail('content-filter', 'finish_reason content_filter', { usage });
  if (isText(message.refusal) && !isText(text))
    throw fail('refusal', redact(message.refusal), { usage, answer: redact(message.refusal) });
  if (finishReason === 'length') {
    // White space up to the cap is what JSON modes are known for: a higher cap would only buy more of it.
    if (endsInWhiteSpace(text)) throw fail('blank', 'white space up to the cap', { usage, answer: text });
    throw fail('length', 'the answer was cut at its cap', { usage, answer: text });
  }
  if (!isText(text)) {
    const words = thinking === undefined ? 'an answer of white space only' : 'thinking without an answer';
    throw fail('blank', words, { usage, answer: text });
  }
  const model = isText(answer.model) ? redact(answer.model) : asked;
  return { text, thinking, model, finishReason, usage, attempts: 1 };
}

function endsInWhiteSpace(text: string): boolean {
  const words = text.trimEnd();
  return text.length - words.length >= 100 || (words === '' && text !== '');
}

/**
 * What a `usage` object tells; undefined where it tells no token counts, or none of a prompt, which has some. Some servers (Gemini's and xAI's) leave the
 * thinking out of `completion_tokens` and bill it: then the total holds it.
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  const { prompt_tokens: promptTokens, completion_tokens: toldTokens, total_tokens: totalTokens } = usage;
  if (!isCount(promptTokens) || promptTokens === 0 || !isCount(toldTokens)) return undefined;
  const cachedTokens = isRecord(usage.prompt_tokens_details) && usage.prompt_tokens_details.cached_tokens;
  const reasoningTokens = isRecord(usage.completion_tokens_details) && usage.completion_tokens_details.reasoning_tokens;
  const besidePrompt = isCount(totalTokens) ? totalTokens - promptTokens : 0;
  const read: Usage = { promptTokens, completionTokens: Math.max(toldTokens, besidePrompt) };
  if (isCount(cachedTokens)) read.cachedTokens = Math.min(cachedTokens, promptTokens);
  if (isCount(reasoningTokens)) read.reasoningTokens = reasoningTokens;
  return read;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Usage by our own estimate, for a server that tells none. */
export function estimateUsage({ messages }: ChatRequest, answer: string): Usage {
  return {
    promptTokens: estimatePromptTokens(messages),
    completionTokens: estimateTokens(answer),
    estimated: true,
  };
}
