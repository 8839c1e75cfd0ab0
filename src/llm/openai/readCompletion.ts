import { endsInAnswer } from '../../answers/endsInAnswer.js';
import { finishKind, NO_FINISH_REASON } from '../../answers/finishReason.js';
import { partAnswer } from '../../answers/partAnswer.js';
import { isRecord, isText } from '../../record.js';
import { addCosts, type ChatRequest, type Completion, type Usage } from '../chatModel.js';
import { estimateUsage } from '../cost/estimateTokens.js';
import { answerFault } from '../failures/answerFault.js';
import { AttemptError, type AttemptErrorOptions, type Fault } from '../failures/attemptError.js';
import type { BaseUrl } from './baseUrl.js';
import { readErrorBody } from './errorBody.js';
import { type SplitAnswer, splitReasoning } from './reasoning.js';

/** The server that an answer came from. */
export type AnswerSource = Pick<BaseUrl, 'host' | 'redact' | 'redactAnswer'>;

/** Makes a Completion of a chat completion's JSON. Throws AttemptError if it holds no complete, usable answer. */
export function readCompletion(
  body: unknown,
  request: ChatRequest,
  { host, redact, redactAnswer }: AnswerSource,
  askedModel: string,
): Completion {
  const answer = isRecord(body) ? body : {};
  const billed = readUsage(answer.usage);
  const reportedCostUsd = reportedCost(answer);
  const fail = (fault: Fault, serverMessage: string, more: Partial<AttemptErrorOptions> = {}) =>
    new AttemptError(fault, { host, serverMessage, usage: billed, billingUnknown: billed === undefined, ...more });

  const choice: unknown = Array.isArray(answer.choices) ? answer.choices[0] : undefined;
  if (!isRecord(choice) || !isRecord(choice.message)) throw fail('no-choices', 'an answer without choices');
  const { message } = choice;
  const finishReason = isText(choice.finish_reason) ? redact(choice.finish_reason) : NO_FINISH_REASON;
  const { text, thinking, ...found } = redacted(answerIn(splitReasoning(message), finishReason), redactAnswer);
  const usage = billed ?? {
    ...estimateUsage(request, text + (thinking?.text ?? '')),
    ...(reportedCostUsd !== undefined && { reportedCostUsd }),
  };

  if (finishReason === 'error') {
    const reason = choice.error === undefined ? 'no reason' : readErrorBody(JSON.stringify(choice), redact).message;
    throw fail('finish-error', `the server broke off with ${reason}`, { answer: text });
  }
  if (isText(message.refusal) && !isText(text) && finishKind(finishReason) !== 'filtered')
    throw fail('refusal', redact(message.refusal), { usage, answer: redact(message.refusal) });
  const unusable = answerFault({ text, finishReason, thinking });
  if (unusable !== undefined) throw fail(unusable.fault, unusable.message, { usage, answer: text });
  const model = isText(answer.model) ? redact(answer.model) : askedModel;
  return { text, thinking, ...found, model, finishReason, usage, attempts: 1 };
}

/**
 * Returns the answer of a message whose content is empty: the whole of its reasoning, if that is an answer. A server with a
 * parser for reasoning sends all of an answer that way if the model does not think.
 */
function answerIn(split: SplitAnswer, finishReason: string): SplitAnswer & Pick<Completion, 'answerFrom'> {
  const { text, thinking } = split;
  if (isText(text) || thinking === undefined || thinking.source === 'think-block') return split;
  if (finishKind(finishReason) !== 'whole' || !endsInAnswer(thinking.text)) return split;
  const { text: answer, thinking: thought, cut } = partAnswer(thinking.text);
  if (!isText(answer)) return split;
  return {
    text: answer,
    ...(thought !== undefined && { thinking: { text: thought, source: 'think-block' } }),
    ...(cut !== undefined && { cut }),
    answerFrom: thinking.source,
  };
}

function redacted<Answer extends SplitAnswer>(answer: Answer, redact: (text: string) => string): Answer {
  const { text, thinking } = answer;
  return { ...answer, text: redact(text), ...(thinking && { thinking: { ...thinking, text: redact(thinking.text) } }) };
}

/**
 * Reads a `usage` object; undefined if it has no token counts, or no prompt tokens, since every prompt has some. Some
 * servers (Gemini's and xAI's) leave the reasoning out of `completion_tokens` and bill it: then the total includes it.
 */
export function readUsage(usage: unknown): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  const { prompt_tokens: promptTokens, completion_tokens: reportedTokens, total_tokens: totalTokens } = usage;
  if (!isTokenCount(promptTokens) || promptTokens === 0 || !isTokenCount(reportedTokens)) return undefined;
  const cachedTokens = isRecord(usage.prompt_tokens_details) && usage.prompt_tokens_details.cached_tokens;
  const reasoningTokens = isRecord(usage.completion_tokens_details) && usage.completion_tokens_details.reasoning_tokens;
  const beyondPrompt = isTokenCount(totalTokens) ? totalTokens - promptTokens : 0;
  const read: Usage = { promptTokens, completionTokens: Math.max(reportedTokens, beyondPrompt) };
  if (isTokenCount(cachedTokens)) read.cachedTokens = Math.min(cachedTokens, promptTokens);
  if (isTokenCount(reasoningTokens)) read.reasoningTokens = reasoningTokens;
  const reportedCostUsd = reportedCost({ usage });
  if (reportedCostUsd !== undefined) read.reportedCostUsd = reportedCostUsd;
  return read;
}

/**
 * Reads the cost in dollars that a provider reports with an answer: `usage.cost` (OpenRouter; with a key of the user's own the
 * cost of the provider behind it is added), `usage.cost.total_cost` (Perplexity), `usage.estimated_cost` (DeepInfra). The
 * transport puts the cost of a header there. Undefined if it reports none.
 */
export function reportedCost({ usage }: { usage?: unknown }): number | undefined {
  if (!isRecord(usage)) return undefined;
  const { cost, cost_details: details, estimated_cost: estimated } = usage;
  const own = amountOf(isRecord(cost) ? cost.total_cost : (cost ?? estimated));
  if (own === undefined) return undefined;
  const upstream = usage.is_byok === true && isRecord(details) ? amountOf(details.upstream_inference_cost) : undefined;
  return addCosts(own, upstream);
}

/** Reads an amount of dollars, as a number or as text. */
function amountOf(value: unknown): number | undefined {
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

function isTokenCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
