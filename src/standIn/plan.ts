import type { ChatMessage } from '../llm/chatModel.js';
import { estimatePromptTokens, estimateTokens } from '../llm/estimateTokens.js';
import { errorReplies, finishReasonOf, messageOf } from './answers.js';
import type { FaultName } from './faults.js';

export interface ChatBody {
  model: string;
  messages: ChatMessage[];
  stream?: boolean;
  [parameter: string]: unknown;
}

/** All that a call will be sent, and billed. */
export interface Plan {
  body: string;
  contentType: string;
  /** `dropped`: the connection is reset at once; `midway`: after half of the body; `dripped`: in small pieces. */
  delivery: 'whole' | 'dropped' | 'midway' | 'dripped';
  promptTokens: number;
  completionTokens: number;
  /** False where tokens are billed and the client cannot learn how many. */
  told: boolean;
}

const unbilled = { contentType: 'application/json', promptTokens: 0, completionTokens: 0, told: true };

/** The plan for a call that gets a 200, or none at all. It depends on nothing but its arguments. */
export function planAnswer({ model, messages, stream = false }: ChatBody, id: string, fault?: FaultName): Plan {
  if (fault === 'resetBefore') return { ...unbilled, body: '', delivery: 'dropped', told: false };
  if (fault === 'error200') return { ...unbilled, body: errorReplies.http500?.body ?? '', delivery: 'whole' };
  if (fault === 'html200') {
    const body = '<!doctype html><title>Please sign in</title>';
    return { ...unbilled, body, contentType: 'text/html', delivery: 'whole' };
  }
  const message = messageOf(messages, fault);
  const promptTokens = estimatePromptTokens(messages);
  const completionTokens = estimateTokens(textOf({ ...message, role: '' }));
  const choice = { index: 0, [stream ? 'delta' : 'message']: message, finish_reason: finishReasonOf(fault) };
  const json = JSON.stringify({
    id,
    object: stream ? 'chat.completion.chunk' : 'chat.completion',
    model,
    choices: fault === 'choicesNull' ? null : [choice],
    ...(fault !== 'missingUsage' && { usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens } }),
  });
  const plan: Plan = {
    body: stream ? `data: ${json}\n\ndata: [DONE]\n\n` : json,
    contentType: stream ? 'text/event-stream' : 'application/json',
    delivery: 'whole',
    promptTokens,
    completionTokens,
    told: true,
  };
  switch (fault) {
    case 'empty200':
      return { ...plan, body: '', told: false };
    case 'cut200':
      return { ...plan, body: plan.body.slice(0, plan.body.length / 2), told: false };
    case 'resetAfterBilled':
      return { ...plan, delivery: 'dropped', told: false };
    case 'resetMidBody':
      return { ...plan, delivery: 'midway', told: false };
    case 'missingUsage':
      return { ...plan, told: false };
    case 'drip':
      return { ...plan, delivery: 'dripped' };
    default:
      return plan;
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((part) => (part as { text?: string }).text ?? '').join('');
  return typeof value === 'object' && value !== null ? Object.values(value).map(textOf).join('') : '';
}
