import type { ChatMessage } from '../../llm/chatModel.js';
import { estimateTokens } from '../../llm/cost/estimateTokens.js';
import type { FaultName } from '../faults/faults.js';
import type { ProblemFacts, ServerProfile } from '../profiles/serverProfile.js';
import { makeAnswer, type StandInAnswer } from './answer.js';
import { completionBody, completionEvents } from './completionBody.js';
import { cutPrompt } from './cutPrompt.js';
import { type BodyEncoding, encodeBody, isReadable } from './encodeBody.js';
import type { RequestedFormat } from './responseFormat.js';

/** The body of a chat completion request. */
export interface ChatRequestBody {
  model: string;
  messages: ChatMessage[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  response_format?: RequestedFormat;
  max_tokens?: number;
  max_completion_tokens?: number;
  [parameter: string]: unknown;
}

/** The response to a call, and its bill. */
export interface ResponsePlan {
  status: number;
  headers: Record<string, string>;
  /** Sent one after the other; empty if the connection ends before the headers. */
  parts: (string | Buffer)[];
  /** The pause between two parts, in milliseconds. */
  gapMs: number;
  /** The end of the response: normal, a reset, or a long silence and a reset. */
  ending: 'end' | 'reset' | 'silence';
  promptTokens: number;
  completionTokens: number;
  /** False if tokens are billed and the client cannot learn how many. */
  usageReported: boolean;
}

export interface ResponsePlanOptions {
  body: ChatRequestBody;
  /** The id of the completion. */
  id: string;
  profile: ServerProfile;
  fault: FaultName | undefined;
  /** The duration of the answer; the events of a stream are spread over it. */
  serviceMs: number;
  /** True if an earlier call was about the same record, so that a provider would have cached its prompt. */
  seenBefore: boolean;
  facts: ProblemFacts;
  /** The most tokens of a prompt that are read; the rest is cut off in silence. */
  cutPromptsAt?: number | undefined;
  write: (messages: ChatMessage[]) => string;
}

const DRIP_GAP_MS = 2;
const DRIP_CHARACTERS = 64;
/** Providers cache prompts in blocks of this many tokens. */
const CACHE_BLOCK_TOKENS = 64;

/** Plans the response to a call that gets a 200, or no status at all. It depends on its arguments alone. */
export function planResponse(options: ResponsePlanOptions): ResponsePlan {
  const { body, fault, profile, facts } = options;
  const unbilled = {
    status: 200,
    gapMs: 0,
    ending: 'end' as const,
    promptTokens: 0,
    completionTokens: 0,
    usageReported: true,
  };
  const whole = (text: string, type = 'application/json'): TextPlan => ({
    ...unbilled,
    headers: { 'content-type': type },
    parts: [text],
  });
  if (fault === 'resetBefore') return { ...whole(''), parts: [], ending: 'reset', usageReported: false };
  if (fault === 'html200') return whole('<!doctype html><title>Please sign in</title>', 'text/html');
  if (fault === 'error200' || (fault === 'errorMidway' && !body.stream)) {
    return whole(JSON.stringify(profile.errorBody(profile.errors.http500(facts))));
  }
  const prompt = cutPrompt(body.messages, promptLimit(options));
  const answer = answerFor(options, prompt.messages);
  const tokens = tokensOf(prompt.tokens, answer, options.seenBefore);
  const { prompt: promptTokens, completion: completionTokens } = tokens;
  const usage = fault === 'missingUsage' ? undefined : profile.usage(tokens);
  const billed = { promptTokens, completionTokens, usageReported: fault !== 'missingUsage' };
  const plan = body.stream
    ? { ...whole('', 'text/event-stream'), ...streamed(options, answer, usage), promptTokens, completionTokens }
    : { ...whole(plainBody(options, answer, usage)), ...billed };
  return damage(plan, fault);
}

/** Shorter prompts are not cut off by the fault: no server has a context that small. */
const CUTS_FROM_TOKENS = 1000;
const CUT_TO_TOKENS = 450;

function promptLimit({ fault, facts, cutPromptsAt }: ResponsePlanOptions): number | undefined {
  return fault === 'cutPrompt' && facts.promptTokens > CUTS_FROM_TOKENS ? CUT_TO_TOKENS : cutPromptsAt;
}

function answerFor({ body, fault, profile, write }: ResponsePlanOptions, messages: ChatMessage[]): StandInAnswer {
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  const { response_format: format } = body;
  return makeAnswer({ messages, format, fault, reasoningIn: profile.reasoningIn, maxTokens, write });
}

function tokensOf(prompt: number, { content, reasoning: thought, refusal }: StandInAnswer, seenBefore: boolean) {
  const reasoning = thought === undefined ? 0 : estimateTokens(thought.text);
  const completion = estimateTokens((content ?? '') + (refusal ?? '')) + reasoning;
  return { prompt, completion, reasoning, cached: seenBefore ? prompt - (prompt % CACHE_BLOCK_TOKENS) : 0 };
}

/** Returns the model's name in an answer. */
const servedBy = ({ servedModel }: ServerProfile, { model }: ChatRequestBody) => servedModel ?? model;

function plainBody(
  options: ResponsePlanOptions,
  answer: StandInAnswer,
  usage: Record<string, unknown> | undefined,
): string {
  const { body, id, fault, profile, facts } = options;
  if (fault === 'choicesNull')
    return JSON.stringify({ id, object: 'chat.completion', model: servedBy(profile, body), choices: null, usage });
  const failed = fault === 'finishError' ? errorOf(profile, facts) : undefined;
  return completionBody({ id, model: servedBy(profile, body), answer, usage, error: failed });
}

function streamed(options: ResponsePlanOptions, answer: StandInAnswer, usage: Record<string, unknown> | undefined) {
  const { body, id, fault, profile, serviceMs, facts } = options;
  const includeUsage = body.stream_options?.include_usage === true;
  const breaks = fault === 'errorMidway' || fault === 'choicesNull' || fault === 'finishError';
  const broken = breaks
    ? { body: { error: errorOf(profile, facts) }, inChunk: profile.sendsErrorsAsChunks }
    : undefined;
  const parts = completionEvents({ id, model: servedBy(profile, body), answer, usage, includeUsage, broken });
  return {
    parts,
    gapMs: (serviceMs * 0.8) / parts.length,
    usageReported: includeUsage && usage !== undefined && !breaks,
  };
}

/** Returns the error object alone, without the body that its server puts it into. */
function errorOf(profile: ServerProfile, facts: ProblemFacts): unknown {
  const body = profile.errorBody(profile.errors.http500(facts));
  const [first] = Array.isArray(body) ? body : [body];
  return (first as { error?: unknown }).error ?? first;
}

/** A plan whose body is not encoded. */
type TextPlan = ResponsePlan & { parts: string[] };

const encodings: Partial<Record<FaultName, BodyEncoding>> = {
  gzip200: 'gzip',
  deflate200: 'deflate',
  br200: 'br',
  zstd200: 'zstd',
  unknownEncoding200: 'unknown',
  wrongEncoding200: 'wrong',
};

/** Encodes the body of a plan, as one part. A client may not be able to read it, and what it is billed. */
function encoded(plan: TextPlan, encoding: BodyEncoding): ResponsePlan {
  const { bytes, headers } = encodeBody(plan.parts.join(''), encoding);
  const usageReported = plan.usageReported && isReadable(encoding);
  return { ...plan, headers: { ...plan.headers, ...headers }, parts: [bytes], usageReported };
}

/** Applies a fault of the connection or of the body to a plan. */
function damage(plan: TextPlan, fault: FaultName | undefined): ResponsePlan {
  const encoding = fault && encodings[fault];
  if (encoding !== undefined) return encoded(plan, encoding);
  switch (fault) {
    case 'empty200':
      return { ...plan, parts: [''], usageReported: false };
    case 'cut200':
      return { ...plan, parts: half(plan.parts), usageReported: false };
    case 'resetAfterBilled':
      return { ...plan, parts: [], ending: 'reset', usageReported: false };
    case 'resetMidBody':
      return { ...plan, parts: half(plan.parts), ending: 'reset', usageReported: false };
    case 'stallMidBody':
      return { ...plan, parts: half(plan.parts), ending: 'silence', usageReported: false };
    case 'drip':
      return { ...plan, parts: plan.parts.flatMap(dripPieces), gapMs: DRIP_GAP_MS };
    default:
      return plan;
  }
}

/** Returns the first half of the parts, or of the only part. */
function half(parts: string[]): string[] {
  if (parts.length > 1) return parts.slice(0, Math.ceil(parts.length / 2));
  return parts.map((part) => part.slice(0, part.length / 2));
}

function dripPieces(part: string): string[] {
  return part.match(new RegExp(`[\\s\\S]{1,${DRIP_CHARACTERS}}`, 'gu')) ?? [part];
}
