import { ModelError } from '../errors.js';
import type { AttemptError } from './attemptError.js';
import type { ChatRequest } from './chatModel.js';

/** The body of a chat completion request, as it is sent. */
export interface ChatBody {
  model: string;
  messages: ChatRequest['messages'];
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
  top_p?: number;
  seed?: number;
}

type Optional = Exclude<keyof ChatBody, 'model' | 'messages'>;
const optional: Optional[] = ['max_completion_tokens', 'max_tokens', 'temperature', 'top_p', 'seed'];
const otherCap = { max_tokens: 'max_completion_tokens', max_completion_tokens: 'max_tokens' } as const;
const unsupported =
  /unsupported|not supported|does not support|unrecognized|unknown (parameter|field|argument)|extra (inputs|fields)|unexpected/i;

export interface ProfileOptions {
  /** Send no request without a cap on its answer, as a budget wants it (false). */
  needsCap?: boolean | undefined;
}

/** What one model of one server takes, learned from its refusals. */
export class Profile {
  readonly #refused = new Set<Optional>();
  readonly #needsCap: boolean;
  #cap: 'max_tokens' | 'max_completion_tokens';

  /** OpenAI's own host knows `max_completion_tokens` for every model; most other servers know only `max_tokens`. */
  constructor(hostname: string, { needsCap = false }: ProfileOptions = {}) {
    this.#needsCap = needsCap;
    this.#cap = hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
  }

  body(model: string, { messages, maxTokens, temperature, topP, seed }: ChatRequest): ChatBody {
    if (this.#needsCap && this.#refused.has('max_tokens') && this.#refused.has('max_completion_tokens')) {
      throw new ModelError(`${model} takes no cap on its answers: a budget cannot be kept`, {
        hint: 'run without a budget, or with another model',
        resumable: false,
      });
    }
    const body: ChatBody = { model, messages };
    const wanted = { [this.#cap]: maxTokens, temperature, top_p: topP, seed } satisfies Partial<
      Record<Optional, number | undefined>
    >;
    for (const [name, value] of Object.entries(wanted) as [Optional, number | undefined][]) {
      if (value !== undefined && !this.#refused.has(name)) body[name] = value;
    }
    return body;
  }

  /**
   * Learns from a refusal of what was sent. Returns what it changed as a sentence, an empty string where another call had
   * taught it already, and undefined where there is nothing to learn.
   */
  learn(sent: ChatBody, failure: AttemptError): string | undefined {
    const name = refusedParameter(sent, failure);
    if (name === undefined) return undefined;
    if (this.#refused.has(name)) return '';
    this.#refused.add(name);
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

function refusedParameter(sent: ChatBody, { status, code = '', param, words }: AttemptError): Optional | undefined {
  if (status !== 400 && status !== 422) return undefined;
  if (!/^unsupported_(parameter|value)$/.test(code) && !unsupported.test(words)) return undefined;
  const names = optional.filter((name) => sent[name] !== undefined);
  return names.find((name) => name === param) ?? names.find((name) => words.includes(name));
}
