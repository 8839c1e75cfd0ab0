import { ModelError } from '../../errors.js';
import type { OptionsOf } from '../../util/options.js';
import type { ChatRequest } from '../chatModel.js';
import { estimateUsage } from '../cost/estimateTokens.js';
import { AttemptError } from '../failures/attemptError.js';
import { highestCap } from '../failures/contextLength.js';
import type { environmentOptions, serverOptions } from '../options.js';
import {
  type ResponseFormat,
  refusesFormat,
  responseFormat,
  type StructuredOutput,
  weakerFormat,
} from './responseFormat.js';

/** The body of a chat completion request, as it is sent. */
export interface ChatCompletionBody {
  model: string;
  messages: ChatRequest['messages'];
  response_format?: ResponseFormat;
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
  top_p?: number;
  seed?: number;
  stream?: boolean;
  stream_options?: { include_usage: true };
}

export interface CapabilityOptions
  extends Pick<OptionsOf<typeof serverOptions>, 'structuredOutput' | 'stream'>,
    Pick<OptionsOf<typeof environmentOptions>, 'onNotice'> {
  /** Send no request without a cap on its answer, as a budget requires (false). */
  needsCap?: boolean | undefined;
}

type OptionalParameter = Exclude<keyof ChatCompletionBody, 'model' | 'messages' | 'response_format'>;
const optionalParameters: OptionalParameter[] = [
  ...(['max_completion_tokens', 'max_tokens', 'temperature', 'top_p', 'seed'] as const),
  ...(['stream_options', 'stream'] as const),
];
const otherCap = { max_tokens: 'max_completion_tokens', max_completion_tokens: 'max_tokens' } as const;
const UNSUPPORTED_MESSAGE =
  /unsupported|not supported|does not support|unrecognized|unknown (parameter|field|argument)|extra (inputs|fields)|unexpected/i;

/** The capabilities of one model of one server, learned from its refusals. */
export class ServerCapabilities {
  readonly #refused = new Set<OptionalParameter>();
  readonly #learnsFormat: boolean;
  readonly #needsCap: boolean;
  readonly #onNotice: (message: string) => void;
  #cap: 'max_tokens' | 'max_completion_tokens';
  #format: StructuredOutput;
  #stream: boolean;
  #highestCap: number | undefined;

  /** OpenAI's own host accepts `max_completion_tokens` for every model; most other servers know only `max_tokens`. */
  constructor(
    hostname: string,
    { structuredOutput = 'auto', stream = false, needsCap = false, onNotice = () => {} }: CapabilityOptions = {},
  ) {
    this.#needsCap = needsCap;
    this.#onNotice = onNotice;
    this.#cap = hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
    this.#learnsFormat = structuredOutput === 'auto';
    this.#format = structuredOutput === 'auto' ? 'json_schema' : structuredOutput;
    this.#stream = stream;
  }

  /** The body to send for a request. Throws ModelError if it needs a cap and the model accepts none. */
  body(model: string, { messages, schema, maxTokens, temperature, topP, seed }: ChatRequest): ChatCompletionBody {
    if (this.#needsCap && this.#refused.has('max_tokens') && this.#refused.has('max_completion_tokens')) {
      throw new ModelError(`${model} accepts no cap on its answers, so a budget cannot be kept`, {
        hint: 'run without a budget, or with another model',
        resumable: false,
      });
    }
    const body: ChatCompletionBody = { model, messages };
    const format = responseFormat(this.#format, schema);
    if (format !== undefined) body.response_format = format;
    const wanted: { [name in OptionalParameter]?: ChatCompletionBody[name] | undefined } = {
      [this.#cap]: maxTokens && Math.min(maxTokens, this.#highestCap ?? maxTokens),
      temperature,
      top_p: topP,
      seed,
      ...(this.#stream && { stream: true, stream_options: { include_usage: true } }),
    };
    const sent = Object.entries(wanted).filter(
      ([name, value]) => value !== undefined && !this.#refused.has(name as OptionalParameter),
    );
    return Object.assign(body, Object.fromEntries(sent));
  }

  /** Learns from a failure. Returns it with what `sent` says about it: the cap it reached, and whether anything was learned. */
  learnFrom(failure: AttemptError, request: ChatRequest, sent: ChatCompletionBody): AttemptError {
    if (failure.fault === 'length') {
      return new AttemptError('length', { ...failure, cap: capOf(sent), highestCap: this.#highestCap });
    }
    if (failure.fault === 'bad-json') {
      return new AttemptError('bad-json', { ...failure, usage: estimateUsage(request, failure.answer ?? '') });
    }
    const learned =
      this.#learnFormat(sent, failure) ?? this.#learnHighestCap(sent, failure) ?? this.#learnRefused(sent, failure);
    if (learned === undefined) return failure;
    if (learned !== '') this.#onNotice(`${failure.host}: ${learned}`);
    return new AttemptError(failure.fault, { ...failure, adapted: true, highestCap: this.#highestCap });
  }

  // Each of these returns what it changed as a sentence, an empty string if another call had already taught it, and
  // undefined if there is nothing to learn.

  #learnFormat({ model, response_format: format }: ChatCompletionBody, failure: AttemptError): string | undefined {
    if (!this.#learnsFormat || format === undefined || !refusesFormat(failure)) return undefined;
    if (format.type !== this.#format) return '';
    this.#format = weakerFormat[format.type];
    return this.#format === 'none'
      ? `${model} does not accept the response format ${format.type}: from now on only the prompt asks for JSON`
      : `${model} does not accept the response format ${format.type}: ${this.#format} is sent from now on`;
  }

  #learnHighestCap(sent: ChatCompletionBody, failure: AttemptError): string | undefined {
    const cap = capOf(sent);
    const highest = isRefusal(failure) ? highestCap(`${failure.serverMessage} ${failure.param ?? ''}`) : undefined;
    if (cap === undefined || highest === undefined || highest >= cap) return undefined;
    if (this.#highestCap !== undefined && this.#highestCap <= highest) return '';
    this.#highestCap = highest;
    return `${sent.model} writes at most ${highest} tokens: higher caps are lowered to that from now on`;
  }

  #learnRefused(sent: ChatCompletionBody, failure: AttemptError): string | undefined {
    const name = refusedParameter(sent, failure);
    if (name === undefined) return undefined;
    if (this.#refused.has(name)) return '';
    this.#refused.add(name);
    if (name === 'stream') this.#stream = false;
    if (name !== 'max_tokens' && name !== 'max_completion_tokens') {
      return `${sent.model} does not accept ${name}: it is left out from now on`;
    }
    const other = otherCap[name];
    this.#cap = other;
    return this.#refused.has(other)
      ? `${sent.model} accepts neither ${name} nor ${other}: answers have no cap from now on`
      : `${sent.model} does not accept ${name}: ${other} is sent from now on`;
  }
}

/** The cap that a request was sent with, in tokens. */
function capOf({ max_tokens: old, max_completion_tokens: cap = old }: ChatCompletionBody): number | undefined {
  return cap;
}

function isRefusal({ status }: AttemptError): boolean {
  return status === 400 || status === 422;
}

function refusedParameter(sent: ChatCompletionBody, failure: AttemptError): OptionalParameter | undefined {
  const { code = '', param, serverMessage } = failure;
  if (!isRefusal(failure)) return undefined;
  if (!/^unsupported_(parameter|value)$/.test(code) && !UNSUPPORTED_MESSAGE.test(serverMessage)) return undefined;
  const names = optionalParameters.filter((name) => sent[name] !== undefined);
  return names.find((name) => name === param) ?? names.find((name) => serverMessage.includes(name));
}
