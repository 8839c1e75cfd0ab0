import { estimatePromptTokens } from '../../llm/cost/estimateTokens.js';
import { offlineAnswer } from '../../llm/offline/offlineModel.js';
import { isRecord } from '../../record.js';
import { serviceTime } from '../answers/chance.js';
import { chooseFault, type FaultName } from '../faults/faults.js';
import { type ChatBody, type Plan, planAnswer } from '../faults/plan.js';
import { type Refusal, refusalOf, refuse } from '../faults/refusals.js';
import type { StandInOptions } from '../options.js';
import { profiles } from '../profiles/all.js';
import type { Facts, Problem, Profile } from '../profiles/profile.js';
import type { Ledger, LedgerCall } from './ledger.js';
import { RateLimits } from './rateLimits.js';
import { RecordCounter, recordKey } from './recordCounter.js';

/** What a call gets, and after how long. */
export interface Decision {
  serviceMs: number;
  reply: { refusal: Refusal } | { plan: Plan };
  /** Tokens taken from the bucket, to be settled when the call ends. */
  takenTokens: number;
}

/**
 * Decides what each call gets: first what is refused whatever the record (the key, the quota, an outage, parameters, the
 * context, the rate), then what the record's fault says, then the answer. It knows nothing of HTTP.
 */
export class Chat {
  readonly profile: Profile;
  readonly limits: RateLimits;
  readonly #records = new RecordCounter();

  constructor(
    private readonly options: StandInOptions,
    private readonly ledger: Ledger,
  ) {
    this.profile = profiles[options.profile ?? 'openai'];
    this.limits = new RateLimits(options);
  }

  decide(body: ChatBody, call: LedgerCall): Decision {
    const { seed = 1, medianMs = 0, sigma = 0, stallMs = 60_000, answer: write = offlineAnswer } = this.options;
    const { messages, ...parameters } = body;
    call.parameters = parameters;
    const key = recordKey(messages);
    const callNumber = this.#records.next(key);
    this.ledger.name(call, key, callNumber);

    const facts = this.#factsOf(body, call);
    const problem = this.#problemOf(body, call, facts);
    if (problem !== undefined) {
      return { serviceMs: 0, takenTokens: 0, reply: { refusal: refuse(this.profile, problem, facts) } };
    }
    const fault = this.#faultOf(call, seed);
    call.fault = fault;
    const serviceMs = fault === 'stall' ? stallMs : serviceTime(medianMs, sigma, seed, key, callNumber);
    const takenTokens = facts.promptTokens + facts.maxTokens;
    const refusal = fault && refusalOf(fault, this.profile, befalling(fault, facts));
    if (refusal !== undefined) return { serviceMs, takenTokens, reply: { refusal } };
    const id = `chatcmpl-${key}-${callNumber}`;
    const seenBefore = callNumber > 1;
    const plan = planAnswer({ body, id, profile: this.profile, fault, serviceMs, seenBefore, facts, write });
    return { serviceMs, takenTokens, reply: { plan } };
  }

  /** For a body that is no request. */
  misread(): Refusal {
    const said = { status: 400, message: 'We could not parse the JSON body of your request.' };
    return { status: 400, body: JSON.stringify(this.profile.shape(said)), headers: {} };
  }

  #factsOf(
    { model, messages, max_tokens, max_completion_tokens }: ChatBody,
    { authorization = '' }: LedgerCall,
  ): Facts {
    const { requestsPerMinute = 500, retryAfterMs = 100, contextTokens = 8192 } = this.options;
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
    const { faults = {}, script } = this.options;
    return script?.({ key, callNumber, index }) ?? chooseFault(faults, seed, key, callNumber);
  }

  /** What is refused whatever the record; `facts` is told what the refusal speaks of. */
  #problemOf(body: ChatBody, { index, startMs }: LedgerCall, facts: Facts): Problem | undefined {
    const { apiKey, quotaGoneAtCall = Number.POSITIVE_INFINITY, outage, contextTokens } = this.options;
    const { promptTokens, maxTokens, key } = facts;
    if (apiKey !== undefined && key !== apiKey) return 'auth401';
    if (index + 1 >= quotaGoneAtCall) return 'quota429';
    if (outage !== undefined && startMs >= outage.fromMs && startMs < outage.untilMs) return 'http503';
    const unwanted = this.#unwanted(body, facts);
    if (unwanted !== undefined) return unwanted;
    if (contextTokens !== undefined && promptTokens > contextTokens) return 'contextLength400';
    if (contextTokens !== undefined && promptTokens + maxTokens > contextTokens) return 'contextCap400';
    const shortage = this.limits.take(promptTokens + maxTokens, this.ledger.now());
    if (shortage === undefined) return undefined;
    Object.assign(facts, shortage);
    return shortage.waitMs === Number.POSITIVE_INFINITY ? 'tooLarge429' : 'rate429';
  }

  #unwanted(body: ChatBody, facts: Facts): Problem | undefined {
    const format = body.response_format?.type;
    for (const name of this.options.refuses ?? this.profile.refuses) {
      Object.assign(facts, { name, value: body[name] });
      if (name === format) return 'format400';
      if (body[name] !== undefined) return 'parameter400';
    }
    const needsWord = format === 'json_object' && this.profile.needsJsonWord;
    return needsWord && !body.messages.some(({ content }) => /json/i.test(content)) ? 'jsonWord400' : undefined;
  }
}

/** The facts as a fault has them: a context that the record does not fit, a minute that is used up. */
function befalling(fault: FaultName, facts: Facts): Facts {
  const { contextTokens, promptTokens, maxTokens } = facts;
  if (fault === 'contextLength400') return { ...facts, promptTokens: contextTokens + 808 };
  if (fault === 'contextCap400') return { ...facts, contextTokens: promptTokens + Math.ceil(maxTokens / 2) };
  if (fault === 'tooLarge429') return { ...facts, kind: 'tokens', limit: promptTokens, requested: promptTokens + 1 };
  return facts;
}

/** A request's body, with the texts of messages that come in parts joined. Undefined for one that is no request. */
export function readBody(text: string): ChatBody | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(body) || !Array.isArray(body.messages) || !body.messages.every(isRecord)) return undefined;
  for (const message of body.messages) {
    if (typeof message.content !== 'string') message.content = joined(message.content);
  }
  return { model: 'unknown', ...body } as ChatBody;
}

function joined(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isRecord(part) && typeof part.text === 'string' ? part.text : '')).join('');
}
