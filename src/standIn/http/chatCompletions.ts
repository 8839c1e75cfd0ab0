import { estimatePromptTokens } from '../../llm/cost/estimateTokens.js';
import { offlineAnswer } from '../../llm/offline/offlineModel.js';
import { isRecord } from '../../record.js';
import { type ChatRequestBody, planResponse, type ResponsePlan } from '../answers/responsePlan.js';
import { chooseFault, type FaultName } from '../faults/faults.js';
import { faultError, type HttpError, problemError } from '../faults/httpErrors.js';
import type { StandInSettings } from '../options.js';
import type { Problem, ProblemFacts, ServerProfile } from '../profiles/serverProfile.js';
import { serverProfiles } from '../profiles/serverProfiles.js';
import type { Ledger, LedgerCall } from './ledger.js';
import { RateLimits } from './rateLimits.js';
import { RecordCounter, recordKey } from './recordCounter.js';
import { serviceTime } from './serviceTime.js';

/** The response to a call, and its delay. */
export interface Decision {
  serviceMs: number;
  reply: { error: HttpError } | { plan: ResponsePlan };
  /** Tokens taken from the bucket; those not used are put back when the call ends. */
  takenTokens: number;
}

/**
 * Decides the response to each call: first errors that do not depend on the record (the key, the quota, an outage, parameters,
 * the context, the rate), then the record's fault, then the answer. It does not depend on HTTP.
 */
export class ChatCompletions {
  readonly profile: ServerProfile;
  readonly limits: RateLimits;
  readonly #records = new RecordCounter();

  readonly #settings: StandInSettings;
  readonly #ledger: Ledger;

  constructor(settings: StandInSettings, ledger: Ledger) {
    this.#settings = settings;
    this.#ledger = ledger;
    this.profile = serverProfiles[settings.profile];
    this.limits = new RateLimits(settings);
  }

  decide(body: ChatRequestBody, call: LedgerCall): Decision {
    const { seed, medianMs, sigma, stallMs, cutPromptsAt, answer: write = offlineAnswer } = this.#settings;
    const { messages, ...parameters } = body;
    call.parameters = parameters;
    const key = recordKey(messages);
    const callNumber = this.#records.next(key);
    this.#ledger.name(call, key, callNumber);

    const facts = this.#factsOf(body, call);
    const problem = this.#problemOf(body, call, facts);
    if (problem !== undefined) {
      return { serviceMs: 0, takenTokens: 0, reply: { error: problemError(this.profile, problem, facts) } };
    }
    const fault = this.#faultOf(call, seed);
    call.fault = fault;
    const serviceMs = fault === 'stall' ? stallMs : serviceTime(medianMs, sigma, seed, key, callNumber);
    const takenTokens = facts.promptTokens + facts.maxTokens;
    const error = fault && faultError(fault, this.profile, factsOfFault(fault, facts));
    if (error !== undefined) return { serviceMs, takenTokens, reply: { error } };
    const id = `chatcmpl-${key}-${callNumber}`;
    const seenBefore = callNumber > 1;
    const plan = planResponse({
      ...{ body, id, profile: this.profile, fault, serviceMs, seenBefore, facts, cutPromptsAt, write },
    });
    return { serviceMs, takenTokens, reply: { plan } };
  }

  /** The error for a body that is not a request. */
  parseError(): HttpError {
    const fields = { status: 400, message: 'We could not parse the JSON body of your request.' };
    return { status: 400, body: JSON.stringify(this.profile.errorBody(fields)), headers: {} };
  }

  #factsOf(
    { model, messages, max_tokens, max_completion_tokens }: ChatRequestBody,
    { authorization = '' }: LedgerCall,
  ): ProblemFacts {
    const { requestsPerMinute = 500, retryAfterMs, contextTokens = 8192 } = this.#settings;
    return {
      model,
      key: authorization.replace('Bearer ', ''),
      kind: 'requests',
      limit: requestsPerMinute,
      used: requestsPerMinute,
      requested: 1,
      waitMs: retryAfterMs,
      contextTokens,
      promptTokens: estimatePromptTokens(messages),
      maxTokens: max_completion_tokens ?? max_tokens ?? 0,
      name: '',
      value: undefined,
      nowEpochMs: Date.now(),
    };
  }

  #faultOf({ key, callNumber, index }: LedgerCall, seed: number): FaultName | undefined {
    const { faults = {}, script } = this.#settings;
    return script?.({ key, callNumber, index }) ?? chooseFault(faults, seed, key, callNumber);
  }

  /** Returns the error that does not depend on the record, if any, and adds the values that it quotes to `facts`. */
  #problemOf(body: ChatRequestBody, { index, startMs }: LedgerCall, facts: ProblemFacts): Problem | undefined {
    const { apiKey, quotaGoneAtCall = Number.POSITIVE_INFINITY, outage, contextTokens } = this.#settings;
    const { promptTokens, maxTokens, key } = facts;
    if (apiKey !== undefined && key !== apiKey) return 'auth401';
    if (index + 1 >= quotaGoneAtCall) return 'quota429';
    if (outage !== undefined && startMs >= outage.fromMs && startMs < outage.untilMs) return 'http503';
    const unsupported = this.#unsupported(body, facts);
    if (unsupported !== undefined) return unsupported;
    if (contextTokens !== undefined && promptTokens > contextTokens) return 'contextLength400';
    if (contextTokens !== undefined && promptTokens + maxTokens > contextTokens) return 'contextCap400';
    const shortage = this.limits.take(promptTokens + maxTokens, this.#ledger.now());
    if (shortage === undefined) return undefined;
    Object.assign(facts, shortage);
    return shortage.waitMs === Number.POSITIVE_INFINITY ? 'tooLarge429' : 'rate429';
  }

  #unsupported(body: ChatRequestBody, facts: ProblemFacts): Problem | undefined {
    const format = body.response_format?.type;
    for (const name of [this.#settings.refuses ?? this.profile.refuses].flat()) {
      Object.assign(facts, { name, value: body[name] });
      const problem = refusalOf(name, body);
      if (problem !== undefined) return this.#settings.vagueRefusals ? 'vague400' : problem;
    }
    const needsWord = format === 'json_object' && this.profile.needsJsonWord;
    return needsWord && !body.messages.some(({ content }) => /json/i.test(content)) ? 'jsonWord400' : undefined;
  }
}

/** Returns the refusal of a request that has what `name` says; undefined if it has not. */
function refusalOf(name: string, body: ChatRequestBody): Problem | undefined {
  if (name === 'system_role') return body.messages.some(({ role }) => role === 'system') ? 'systemRole400' : undefined;
  if (name === 'unstreamed') return body.stream === true ? undefined : 'unstreamed400';
  if (name === body.response_format?.type) return 'format400';
  return body[name] === undefined ? undefined : 'parameter400';
}

/** Changes the facts to those of a fault: a context that the record does not fit, an exhausted minute. */
function factsOfFault(fault: FaultName, facts: ProblemFacts): ProblemFacts {
  const { contextTokens, promptTokens, maxTokens } = facts;
  if (fault === 'contextLength400') return { ...facts, promptTokens: contextTokens + 808 };
  if (fault === 'contextCap400') return { ...facts, contextTokens: promptTokens + Math.ceil(maxTokens / 2) };
  if (fault === 'tooLarge429') return { ...facts, kind: 'tokens', limit: promptTokens, requested: promptTokens + 1 };
  return facts;
}

/** Reads the body of a request, and joins the texts of messages that have parts. Undefined if it is not a request. */
export function readBody(text: string): ChatRequestBody | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(body) || !Array.isArray(body.messages) || !body.messages.every(isRecord)) return undefined;
  for (const message of body.messages) {
    if (typeof message.content !== 'string') message.content = joinParts(message.content);
  }
  return { model: 'unknown', ...body } as ChatRequestBody;
}

function joinParts(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isRecord(part) && typeof part.text === 'string' ? part.text : '')).join('');
}
