import { isDeepStrictEqual } from 'node:util';
import { ModelError } from '../../errors.js';
import type { OptionsOf } from '../../util/options.js';
import { type Capabilities, type CapName, type StructuredOutput, writeCapabilities } from '../capabilities.js';
import type { ChatRequest, Completion } from '../chatModel.js';
import { estimateUsage } from '../cost/estimateTokens.js';
import { AttemptError } from '../failures/attemptError.js';
import { fillsContext, highestCap } from '../failures/contextLength.js';
import type { environmentOptions, serverOptions } from '../options.js';
import { adapted, PartProbe } from './partProbe.js';
import { isUnexplained, kindOfRefusal, refusedThing } from './refusals.js';
import {
  type ChatCompletionBody,
  type Droppable,
  droppableParts,
  optionalParameters,
  requestBody,
} from './requestBody.js';
import { weakerFormat } from './responseFormat.js';

/** Keeps what was learned about a server for the next run. */
export interface CapabilityMemory {
  /** Returns what was learned before, and the day; undefined if nothing was. */
  read(): { capabilities: Capabilities; day: string } | undefined;
  write(capabilities: Capabilities): void;
}

export interface CapabilityOptions
  extends Pick<
      OptionsOf<typeof serverOptions>,
      'structuredOutput' | 'stream' | 'extraBody' | 'reasoningEffort' | 'capabilities'
    >,
    Pick<OptionsOf<typeof environmentOptions>, 'onNotice'> {
  /** Send no request without a cap on its answer, as a budget requires (false). */
  needsCap?: boolean | undefined;
  /** False if answers cannot come as a stream (true). */
  canStream?: boolean | undefined;
  /** The memory of earlier runs, which also keeps what this one learns. */
  memory?: CapabilityMemory | undefined;
  /** Called for each request that is sent only to find out what a server refuses. */
  onProbe?: ((stage: string | undefined) => void) | undefined;
}

const otherCap = { max_tokens: 'max_completion_tokens', max_completion_tokens: 'max_tokens' } as const;
const capNames = new Set<string>(Object.keys(otherCap));
/** The servers of llama.cpp: their JSON mode without a schema constrains nothing. */
const LLAMA_SERVER = /llama\.?cpp/i;
const LLAMA_WORDS = /initialize samplers|parser for this template/i;

/**
 * The capabilities of one model of one server: those that were set, those that an earlier run learned, and those that its
 * refusals teach. A refusal that names a part of the request, in whatever words, takes that part out of the requests to come;
 * one that names none is probed (see PartProbe).
 */
export class ServerCapabilities {
  readonly #host: string;
  readonly #options: CapabilityOptions;
  readonly #refused: Set<string>;
  readonly #probe: PartProbe;
  /** Parts of requests that were answered. */
  readonly #proven = new Set<string>();
  #cap: CapName;
  #format: StructuredOutput;
  #systemRole: boolean;
  #stream: boolean;
  #enableThinking: boolean | undefined;
  #highestCap: number | undefined;
  #reasoningField: string | undefined;
  #isLlamaServer = false;
  #isLoaded = false;

  /** OpenAI's own host accepts `max_completion_tokens` for every model; most other servers know only `max_tokens`. */
  constructor({ host, hostname }: { host: string; hostname: string }, options: CapabilityOptions = {}) {
    const { structuredOutput = 'auto', stream = false } = options;
    const set = options.capabilities || {};
    this.#host = host;
    this.#options = options;
    this.#format = structuredOutput === 'auto' ? (set.format ?? 'json_schema') : structuredOutput;
    this.#cap = set.cap ?? (/(^|\.)api\.openai\.com$/.test(hostname) ? 'max_completion_tokens' : 'max_tokens');
    this.#systemRole = set.systemRole ?? true;
    this.#stream = (stream || set.stream === true) && this.#canStream;
    this.#enableThinking = set.enableThinking;
    this.#highestCap = set.highestCap;
    this.#refused = new Set(set.refused);
    this.#probe = new PartProbe({
      unproven: (body) =>
        droppableParts(body).filter((part) => this.#mayDrop(part) && !this.#proven.has(keyOf(part, body))),
      learn: (part, sent) => this.#notice(this.#learnPart(part, sent)),
    });
  }

  /** The capabilities that are known now. */
  get current(): Capabilities {
    this.#load();
    return {
      format: this.#format,
      systemRole: this.#systemRole,
      stream: this.#stream,
      ...(this.#enableThinking !== undefined && { enableThinking: this.#enableThinking }),
      cap: this.#cap,
      ...(this.#highestCap !== undefined && { highestCap: this.#highestCap }),
      ...(this.#refused.size > 0 && { refused: [...this.#refused] }),
      ...(this.#reasoningField !== undefined && { reasoningField: this.#reasoningField }),
    };
  }

  /** The number of probes sent, and whether a part is refused that is not known yet. */
  get probes(): { count: number; isNarrowing: boolean } {
    return { count: this.#probe.count, isNarrowing: this.#probe.isNarrowing };
  }

  /** The body to send for a request. Throws ModelError if it needs a cap and the model accepts none. */
  body(model: string, request: ChatRequest): ChatCompletionBody {
    this.#load();
    if (this.#options.needsCap === true && this.#cap === 'none') {
      throw new ModelError(`${model} accepts no cap on its answers, so a budget cannot be kept`, {
        hint: 'run without a budget, or with another model',
        resumable: false,
      });
    }
    const { temperature, topP, maxTokens, seed } = request;
    const { reasoningEffort, extraBody } = this.#options;
    const enableThinking = this.#enableThinking;
    return requestBody(model, request, {
      format: this.#format,
      systemRole: this.#systemRole,
      cap: this.#cap === 'none' ? {} : { [this.#cap]: maxTokens && Math.min(maxTokens, this.#highestCap ?? maxTokens) },
      parameters: {
        ...{ temperature, top_p: topP, seed, reasoning_effort: reasoningEffort },
        ...extraBody,
        ...(enableThinking !== undefined && { enable_thinking: enableThinking }),
      },
      stream: this.#stream,
      refused: this.#refused,
    });
  }

  /** Learns the server's software from its header. */
  noteServer(name: string): void {
    if (LLAMA_SERVER.test(name)) this.#isLlamaServer = true;
  }

  /** Learns from an answer that what was sent is accepted. */
  succeeded(sent: ChatCompletionBody, completion?: Completion): void {
    for (const part of droppableParts(sent)) this.#proven.add(keyOf(part, sent));
    this.#reasoningField ??= completion?.thinking?.source;
  }

  /** Learns from a failure. Returns it with what `sent` says about it: the cap it reached, and whether anything was learned. */
  learnFrom(failure: AttemptError, request: ChatRequest, sent: ChatCompletionBody): AttemptError {
    if (wasAnswered(failure)) this.succeeded(sent);
    if (failure.fault === 'length') {
      const cap = capOf(sent);
      const fault = fillsContext(cap, failure.usage) ? 'context-full' : 'length';
      return new AttemptError(fault, { ...failure, cap, highestCap: this.#highestCap });
    }
    if (failure.fault === 'bad-json') {
      return new AttemptError('bad-json', { ...failure, usage: estimateUsage(request, failure.answer ?? '') });
    }
    const learned = this.#learnHighestCap(sent, failure) ?? this.#learnNamed(sent, failure);
    if (learned === undefined) return failure;
    this.#notice(learned);
    return adapted(failure, this.#highestCap);
  }

  /**
   * Recovers from a failure: throws it with what was learned, or returns the answer of a probe. `ask` sends a body; without it
   * nothing is probed.
   */
  async recover(
    failure: AttemptError,
    request: ChatRequest,
    sent: ChatCompletionBody,
    ask: (body: ChatCompletionBody) => Promise<Completion>,
  ): Promise<Completion> {
    const learned = this.learnFrom(failure, request, sent);
    if (learned.adapted || !isUnexplained(failure, sent)) throw learned;
    const end = await this.#probe.after(failure, sent, {
      ask: async (body) => {
        this.#options.onProbe?.(request.stage);
        const completion = await ask(body);
        this.succeeded(body, completion);
        return completion;
      },
      isOutdated: () => !isDeepStrictEqual(this.body(sent.model, request), sent),
    });
    if ('completion' in end) return end.completion;
    throw end.failure === failure || end.failure.adapted ? end.failure : this.learnFrom(end.failure, request, sent);
  }

  get #canStream(): boolean {
    return this.#options.canStream ?? true;
  }

  #mayDrop(part: Droppable): boolean {
    return part !== 'format' || this.#learnsFormat;
  }

  get #learnsFormat(): boolean {
    const { structuredOutput = 'auto', extraBody } = this.#options;
    return structuredOutput === 'auto' && extraBody?.response_format === undefined;
  }

  /** Takes over what an earlier run learned, where nothing else was set. */
  #load(): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    const { memory, structuredOutput = 'auto' } = this.#options;
    const set = this.#options.capabilities || {};
    const kept = memory?.read();
    if (kept === undefined) return;
    const { capabilities: known, day } = kept;
    if (set.format === undefined && structuredOutput === 'auto') this.#format = known.format ?? this.#format;
    this.#cap = set.cap ?? known.cap ?? this.#cap;
    this.#systemRole = set.systemRole ?? known.systemRole ?? this.#systemRole;
    this.#stream = this.#stream || (set.stream ?? known.stream === true) ? this.#canStream : this.#stream;
    this.#enableThinking = set.enableThinking ?? known.enableThinking;
    this.#highestCap = set.highestCap ?? known.highestCap;
    this.#reasoningField = known.reasoningField;
    for (const name of set.refused === undefined ? (known.refused ?? []) : []) this.#refused.add(name);
    this.#notice(`as learned on ${day}: ${writeCapabilities(known)}`, false);
  }

  /** Reports what was learned, if it is news, and keeps it. */
  #notice(learned: string, isNew = true): void {
    if (learned === '') return;
    this.#options.onNotice?.(`${this.#host}: ${learned}`);
    if (isNew) this.#options.memory?.write(this.current);
  }

  // Each of these returns what it changed as a sentence, an empty string if another call had already taught it, and
  // undefined if there is nothing to learn.

  #learnHighestCap(sent: ChatCompletionBody, failure: AttemptError): string | undefined {
    const cap = capOf(sent);
    const isRefusal = failure.status === 400 || failure.status === 422;
    const highest = isRefusal ? highestCap(`${failure.serverMessage} ${failure.param ?? ''}`) : undefined;
    if (cap === undefined || highest === undefined || highest >= cap) return undefined;
    if (this.#highestCap !== undefined && this.#highestCap <= highest) return '';
    this.#highestCap = highest;
    return `${sent.model} writes at most ${highest} tokens: higher caps are lowered to that from now on`;
  }

  #learnNamed(sent: ChatCompletionBody, failure: AttemptError): string | undefined {
    const kind = kindOfRefusal(failure);
    const refused = kind && refusedThing(failure, sent);
    if (refused === undefined) return undefined;
    const isPart = refused.thing === 'format' || refused.thing === 'system';
    // A server that broke down may do so over a request that it accepts.
    if (kind === 'broken' && (!isPart || this.#proven.has(keyOf(refused.thing as Droppable, sent)))) return undefined;
    switch (refused.thing) {
      case 'format':
        if (!this.#learnsFormat) return undefined;
        if (LLAMA_WORDS.test(failure.serverMessage)) this.#isLlamaServer = true;
        return this.#learnFormat(sent);
      case 'system':
        return this.#learnPart('system', sent);
      case 'stream-demanded':
        return this.#canStream ? this.#learnStream(sent) : this.#learnThinking(sent);
      case 'thinking-demanded-off':
        return this.#learnThinking(sent);
      case 'parameter':
        return this.#learnRefused(refused.name, sent);
    }
  }

  #learnPart(part: Droppable, sent: ChatCompletionBody): string {
    if (part === 'format') return this.#learnFormat(sent);
    if (part === 'parameters') {
      const learned = optionalParameters(sent).map((name) => this.#learnRefused(name, sent));
      return learned.filter((sentence) => sentence !== '').join('; ');
    }
    if (!this.#systemRole) return '';
    this.#systemRole = false;
    return `${sent.model} does not accept the system role: instructions are sent in the user's message from now on`;
  }

  #learnFormat({ model, response_format: format }: ChatCompletionBody): string {
    if (format === undefined || format.type !== this.#format) return '';
    this.#format = this.#isLlamaServer ? 'none' : weakerFormat[format.type];
    return this.#format === 'none'
      ? `${model} does not accept the response format ${format.type}: from now on only the prompt asks for JSON`
      : `${model} does not accept the response format ${format.type}: ${this.#format} is sent from now on`;
  }

  #learnStream({ model }: ChatCompletionBody): string {
    if (this.#stream) return '';
    this.#stream = true;
    this.#refused.delete('stream');
    return `${model} answers only as a stream: answers are streamed from now on`;
  }

  #learnThinking({ model }: ChatCompletionBody): string {
    if (this.#enableThinking === false) return '';
    this.#enableThinking = false;
    return `${model} demands enable_thinking false: it is sent from now on, and answers come without thinking`;
  }

  #learnRefused(name: string, { model }: ChatCompletionBody): string {
    if (this.#refused.has(name)) return '';
    this.#refused.add(name);
    if (name === 'stream') this.#stream = false;
    if (!capNames.has(name)) return `${model} does not accept ${name}: it is left out from now on`;
    const other = otherCap[name as keyof typeof otherCap];
    this.#cap = this.#refused.has(other) ? 'none' : other;
    return this.#cap === 'none'
      ? `${model} accepts neither ${name} nor ${other}: answers have no cap from now on`
      : `${model} does not accept ${name}: ${other} is sent from now on`;
  }
}

/** The cap that a request was sent with, in tokens. */
function capOf({ max_tokens: old, max_completion_tokens: cap = old }: ChatCompletionBody): number | undefined {
  return cap;
}

/** The name of a part as it was sent: another format, or other parameters, are not proven by it. */
function keyOf(part: Droppable, body: ChatCompletionBody): string {
  if (part === 'format') return `format ${body.response_format?.type}`;
  return part === 'system' ? part : `parameters ${optionalParameters(body).join()}`;
}

/** Returns true for a failure that is an answer: the request itself was accepted. */
function wasAnswered({ fault }: AttemptError): boolean {
  return fault === 'length' || fault === 'blank' || fault === 'refusal' || fault === 'content-filter';
}
