import type { ChatMessage } from '../../llm/chatModel.js';
import { estimatePromptTokens, estimateTokens } from '../../llm/cost/estimateTokens.js';
import { type Answer, answerOf } from '../answers/answers.js';
import type { ResponseFormat } from '../answers/structured.js';
import { completionBody, streamEvents } from '../http/completionBody.js';
import type { Facts, Profile } from '../profiles/profile.js';
import type { FaultName } from './faults.js';

/** The body of a chat completion request. */
export interface ChatBody {
  model: string;
  messages: ChatMessage[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  response_format?: ResponseFormat;
  max_tokens?: number;
  max_completion_tokens?: number;
  [parameter: string]: unknown;
}

/** All that a call will be sent, and billed. */
export interface Plan {
  status: number;
  headers: Record<string, string>;
  /** Sent one after the other; none where the connection ends before the headers. */
  parts: string[];
  /** The pause between two parts, in milliseconds. */
  gapMs: number;
  /** How it ends: as it should, by a reset, or by a long silence and then a reset. */
  ending: 'end' | 'reset' | 'silence';
  promptTokens: number;
  completionTokens: number;
  /** False where tokens are billed and the client cannot learn how many. */
  told: boolean;
}

export interface PlanOptions {
  body: ChatBody;
  /** The id of the completion. */
  id: string;
  profile: Profile;
  fault: FaultName | undefined;
  /** How long the answer takes to make: a stream is spread over it. */
  serviceMs: number;
  /** Whether the record was asked about before, so that a provider would have its prompt cached. */
  seenBefore: boolean;
  facts: Facts;
  write: (messages: ChatMessage[]) => string;
}

const dripGapMs = 2;
const dripBytes = 64;
/** Providers cache prompts in blocks. */
const cacheBlock = 64;

/** The plan for a call that gets a 200, or no status at all. It depends on nothing but its arguments. */
export function planAnswer(options: PlanOptions): Plan {
  const { body, fault, profile, facts } = options;
  const unbilled = { status: 200, gapMs: 0, ending: 'end' as const, promptTokens: 0, completionTokens: 0, told: true };
  const whole = (text: string, type = 'application/json'): Plan => ({
    ...unbilled,
    headers: { 'content-type': type },
    parts: [text],
  });
  if (fault === 'resetBefore') return { ...whole(''), parts: [], ending: 'reset', told: false };
  if (fault === 'html200') return whole('<!doctype html><title>Please sign in</title>', 'text/html');
  if (fault === 'error200' || (fault === 'errorMidway' && !body.stream)) {
    return whole(JSON.stringify(profile.shape(profile.says.http500(facts))));
  }
  const answer = answerFor(options);
  const tokens = tokensOf(body.messages, answer, options.seenBefore);
  const { prompt: promptTokens, completion: completionTokens } = tokens;
  const usage = fault === 'missingUsage' ? undefined : profile.usage(tokens);
  const billed = { promptTokens, completionTokens, told: fault !== 'missingUsage' };
  const plan = body.stream
    ? { ...whole('', 'text/event-stream'), ...streamed(options, answer, usage), promptTokens, completionTokens }
    : { ...whole(plainBody(options, answer, usage)), ...billed };
  return broken(plan, fault);
}

function answerFor({ body, fault, profile, write }: PlanOptions): Answer {
  const cap = body.max_completion_tokens ?? body.max_tokens;
  const { messages, response_format: format } = body;
  return answerOf({ messages, format, fault, thinks: profile.thinks, cap, write });
}

function tokensOf(messages: ChatMessage[], { content, thought, refusal }: Answer, seenBefore: boolean) {
  const prompt = estimatePromptTokens(messages);
  const reasoning = thought === undefined ? 0 : estimateTokens(thought.text);
  const completion = estimateTokens((content ?? '') + (refusal ?? '')) + reasoning;
  return { prompt, completion, reasoning, cached: seenBefore ? prompt - (prompt % cacheBlock) : 0 };
}

function plainBody(options: PlanOptions, answer: Answer, usage: Record<string, unknown> | undefined): string {
  const { body, id, fault, profile, facts } = options;
  if (fault === 'choicesNull')
    return JSON.stringify({ id, object: 'chat.completion', model: body.model, choices: null, usage });
  const failed = fault === 'finishError' ? errorOf(profile, facts) : undefined;
  return completionBody({ id, model: body.model, answer, usage, error: failed });
}

function streamed(options: PlanOptions, answer: Answer, usage: Record<string, unknown> | undefined) {
  const { body, id, fault, profile, serviceMs, facts } = options;
  const includeUsage = body.stream_options?.include_usage === true;
  const breaks = fault === 'errorMidway' || fault === 'choicesNull' || fault === 'finishError';
  const broken = breaks ? { body: { error: errorOf(profile, facts) }, inChunk: profile.breaksInChunk } : undefined;
  const parts = streamEvents({ id, model: body.model, answer, usage, includeUsage, broken });
  return { parts, gapMs: (serviceMs * 0.8) / parts.length, told: includeUsage && usage !== undefined && !breaks };
}

/** The error object alone, out of the shape that its server gives it. */
function errorOf(profile: Profile, facts: Facts): unknown {
  const shaped = profile.shape(profile.says.http500(facts));
  const [first] = Array.isArray(shaped) ? shaped : [shaped];
  return (first as { error?: unknown }).error ?? first;
}

/** What a fault of the connection or the body makes of a plan. */
function broken(plan: Plan, fault: FaultName | undefined): Plan {
  switch (fault) {
    case 'empty200':
      return { ...plan, parts: [''], told: false };
    case 'cut200':
      return { ...plan, parts: half(plan.parts), told: false };
    case 'resetAfterBilled':
      return { ...plan, parts: [], ending: 'reset', told: false };
    case 'resetMidBody':
      return { ...plan, parts: half(plan.parts), ending: 'reset', told: false };
    case 'stallMidBody':
      return { ...plan, parts: half(plan.parts), ending: 'silence', told: false };
    case 'drip':
      return { ...plan, parts: plan.parts.flatMap(dripped), gapMs: dripGapMs };
    default:
      return plan;
  }
}

/** The first half of the parts, or of the only one. */
function half(parts: string[]): string[] {
  if (parts.length > 1) return parts.slice(0, Math.ceil(parts.length / 2));
  return parts.map((part) => part.slice(0, part.length / 2));
}

function dripped(part: string): string[] {
  return part.match(new RegExp(`[\\s\\S]{1,${dripBytes}}`, 'gu')) ?? [part];
}
