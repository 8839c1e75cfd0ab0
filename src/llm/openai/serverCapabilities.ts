import { ModelError, UsageError } from '../../errors.js';
import type { ChatRequest } from '../chatModel.js';
import type { AttemptError } from '../failures/attemptError.js';
import { highestCap } from '../failures/contextLength.js';
import {
  type ResponseFormat,
  refusesFormat,
  responseFormat,
  type StructuredOutput,
  stepDown,
} from './responseFormat.js';

/** The body of a chat completion request, as it is sent. */
export interface ChatBody {
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

export interface ProfileOptions {
  /**
   * How answers of a given form are asked for. Default `auto`: by JSON schema, else as any JSON, else in the prompt alone,
   * learned from what the model refuses; any other is sent whatever the server says. `none` leaves a model that thinks in its
   * answer free to do so, where its server would hold the thinking to the schema too.
   */
  structuredOutput?: StructuredOutput | 'auto' | undefined;
  /**
   * Have answers sent as they are written. Default false: an answer in one piece costs less work and surely tells its tokens.
   * It helps where a proxy ends connections on which nothing comes for minutes.
   */
  stream?: boolean | undefined;
  /** Send no request without a cap on its answer, as a budget wants it (false). */
  needsCap?: boolean | undefined;
}

type Optional = Exclude<keyof ChatBody, 'model' | 'messages' | 'response_format'>;
const optional: Optional[] = [
  ...(['max_completion_tokens', 'max_tokens', 'temperature', 'top_p', 'seed'] as const),
  ...(['stream_options', 'stream'] as const),
];
const otherCap = { max_tokens: 'max_completion_tokens', max_completion_tokens: 'max_tokens' } as const;
const unsupported =
  /unsupported|not supported|does not support|unrecognized|unknown (parameter|field|argument)|extra (inputs|fields)|unexpected/i;

/** What one model of one server takes, learned from its refusals. */
export class Profile {
  readonly #refused = new Set<Optional>();
  readonly #learnsFormat: boolean;
  readonly #needsCap: boolean;
  #cap: 'max_tokens' | 'max_completion_tokens';
  #format: StructuredOutput;
  #stream: boolean;
  #highestCap: number | undefined;

  /** OpenAI's own host knows `max_completion_tokens` for every model; most other servers know only `max_tokens`. */
  constructor(hostname: string, { structuredOutput = 'auto', stream = false, needsCap = false }: ProfileOptions = {}) {
    this.#needsCap = needsCap;
    this.#cap = hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
    if (!['auto', 'json_schema', 'json_object', 'none'].includes(structuredOutput)) {
      throw new UsageError(`structuredOutput is ${structuredOutput}, expected auto, json_schema, json_object or none`);
    }
    this.#learnsFormat = structuredOutput === 'auto';
    this.#format = structuredOutput === 'auto' ? 'json_schema' : structuredOutput;
    this.#stream = stream;
  }

  /** The highest cap that the model takes, in tokens, once it has told. */
  get highestCap(): number | undefined {
    return this.#highestCap;
  }

  body(model: string, { messages, schema, maxTokens, temperature, topP, seed }: ChatRequest): ChatBody {
    if (this.#needsCap && this.#refused.has('max_tokens') && this.#refused.has('max_completion_tokens')) {
      throw new ModelError(`${model} takes no cap on its answers: a budget cannot be kept`, {
        hint: 'run without a budget, or with another model',
        resumable: false,
      });
    }
    const body: ChatBody = { model, messages };
    const format = responseFormat(this.#format, schema);
    if (format !== undefined) body.response_format = format;
    const wanted: { [name in Optional]?: ChatBody[name] | undefined } = {
      [this.#cap]: maxTokens && Math.min(maxTokens, this.#highestCap ?? maxTokens),
      temperature,
      top_p: topP,
      seed,
      ...(this.#stream && { stream: true, stream_options: { include_usage: true } }),
    };
    const sent = Object.entries(wanted).filter(
      ([name, value]) => value !== undefined && !this.#refused.has(name as Optional),
    );
    return Object.assign(body, Object.fromEntries(sent));
  }

  /**
   * Learns from a refusal of what was sent. Returns what it changed as a sentence, an empty string where another call had
   * taught it already, and undefined where there is nothing to learn.
   */
  learn(sent: ChatBody, failure: AttemptError): string | undefined {
    return (
      this.#learnFormat(sent, failure) ?? this.#learnHighestCap(sent, failure) ?? this.#learnRefused(sent, failure)
    );
  }

  #learnFormat({ model, response_format: format }: ChatBody, failure: AttemptError): string | undefined {
    if (!this.#learnsFormat || format === undefined || !refusesFormat(failure)) return undefined;
    if (format.type !== this.#format) return '';
    this.#format = stepDown[format.type];
    return this.#format === 'none'
      ? `${model} does not take the response format ${format.type}: the prompt alone asks for JSON from now on`
      : `${model} does not take the response format ${format.type}: ${this.#format} is sent from now on`;
  }

  #learnHighestCap(sent: ChatBody, failure: AttemptError): string | undefined {
    const cap = capOf(sent);
    const highest = isRefusal(failure) ? highestCap(`${failure.words} ${failure.param ?? ''}`) : undefined;
    if (cap === undefined || highest === undefined || highest >= cap) return undefined;
    if (this.#highestCap !== undefined && this.#highestCap <= highest) return '';
    this.#highestCap = highest;
    return `${sent.model} writes ${highest} tokens at most: higher caps are lowered to that from now on`;
  }

  #learnRefused(sent: ChatBody, failure: AttemptError): string | undefined {
    const name = refusedParameter(sent, failure);
    if (name === undefined) return undefined;
    if (this.#refused.has(name)) return '';
    this.#refused.add(name);
    if (name === 'stream') this.#stream = false;
    if (name !== 'max_tokens' && name !== 'max_completion_tokens') {
      return `${sent.model} does not take ${name}: it is left out from now on`;
    }
    const other = otherCap[name];
    this.#cap = other;
    return this.#refused.has(other)
      ? `${sent.model} takes neither ${name} nor ${other}: answers have no cap from now on`
      : `${sent.model} does not take ${name}: ${other} is sent from now on`;
  }
}

/** The cap that a request was sent with, in tokens. */
export function capOf({ max_tokens: old, max_completion_tokens: cap = old }: ChatBody): number | undefined {
  return cap;
}

function isRefusal({ status }: AttemptError): boolean {
  return status === 400 || status === 422;
}

function refusedParameter(sent: ChatBody, failure: AttemptError): Optional | undefined {
  const { code = '', param, words } = failure;
  if (!isRefusal(failure)) return undefined;
  if (!/^unsupported_(parameter|value)$/.test(code) && !unsupported.test(words)) return undefined;
  const names = optional.filter((name) => sent[name] !== undefined);
  return names.find((name) => name === param) ?? names.find((name) => words.includes(name));
}
