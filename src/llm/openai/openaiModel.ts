import type OpenAI from 'openai';
import { UsageError } from '../../errors.js';
import { onAbort } from '../../util/abort.js';
import type { ChatModel, ChatRequest, Completion } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { parseBaseUrl } from './baseUrl.js';
import { learnFrom } from './learnFrom.js';
import type { RateStates } from './rateLimitHeaders.js';
import { readCompletion } from './readCompletion.js';
import { Profile, type ProfileOptions } from './serverCapabilities.js';
import { createTransport, eventStream } from './transport.js';

export interface OpenaiModelOptions extends ProfileOptions {
  /** The model's name, as the server knows it. */
  model: string;
  /** Where the API is, up to its version (`https://api.openai.com/v1`). */
  baseUrl?: string | undefined;
  /**
   * The key, sent as a bearer token to the base URL's host and nowhere else; none is sent when absent. It is not read
   * from the environment: whoever does must not pass OPENAI_API_KEY for a host that is not OpenAI's.
   */
  apiKey?: string | undefined;
  /** What holds the key, such as a variable's name: messages say "the key in …". */
  keyName?: string | undefined;
  /** The longest an attempt may take, its answer included, in milliseconds (600,000). */
  attemptTimeoutMs?: number | undefined;
  /** The longest it may take to connect, in milliseconds (10,000). */
  connectTimeoutMs?: number | undefined;
  /** The longest silence within a streamed answer, in milliseconds (120,000). */
  idleTimeoutMs?: number | undefined;
  /** More HTTP headers for every request. */
  headers?: Record<string, string> | undefined;
  /** Told what was learned of the model: that a parameter which it does not take is left out from then on. */
  onNotice?: ((message: string) => void) | undefined;
  /** Told the limits that the server names with an answer. */
  onRates?: ((rates: RateStates) => void) | undefined;
}

export interface OpenaiModel extends ChatModel {
  /** Whom it asks, without credentials and query. */
  readonly baseUrl: string;
  /** Ends its connections, those in use too. */
  close(): Promise<void>;
}

/**
 * A model behind an OpenAI-compatible API, one attempt a call: what goes wrong is an AttemptError, for `retry` to judge.
 * The client is loaded at the first call. Throws UsageError for a base URL or a key that cannot be used.
 */
export function openaiModel(options: OpenaiModelOptions): OpenaiModel {
  const { model, baseUrl = 'https://api.openai.com/v1', apiKey, keyName, onNotice, onRates } = options;
  const { attemptTimeoutMs = 600_000, connectTimeoutMs = 10_000, idleTimeoutMs = 120_000 } = options;
  const headers = checkHeaders(options.headers ?? {});
  const endpoint = parseBaseUrl(baseUrl, apiKey, Object.values(headers));
  const { host } = endpoint;
  const transport = createTransport({ endpoint, connectTimeoutMs, idleTimeoutMs, headers, keyName, onRates });
  const profile = new Profile(endpoint.hostname, options);
  let client: Promise<OpenAI> | undefined;

  const connect = async (): Promise<OpenAI> => {
    const { OpenAI: Client } = await import('openai');
    return new Client({
      baseURL: endpoint.href,
      defaultQuery: endpoint.query,
      apiKey: 'the transport adds it',
      adminAPIKey: null,
      organization: null,
      project: null,
      maxRetries: 0,
      logLevel: 'off',
      fetch: transport.fetch,
    });
  };

  const attempt = async (request: ChatRequest, signal: AbortSignal | undefined): Promise<Completion> => {
    signal?.throwIfAborted();
    client ??= connect();
    const api = await client;
    signal?.throwIfAborted(); // it may have aborted while the client was loaded
    const sent = profile.body(model, request);
    const controller = new AbortController();
    const offAbort = signal === undefined ? () => {} : onAbort(signal, () => controller.abort());
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, attemptTimeoutMs);
    try {
      // `post`, because `chat.completions.create` would not hand on a streamed answer as the one JSON the transport makes of it.
      const answer = await api.post<unknown>('/chat/completions', {
        body: sent,
        signal: controller.signal,
        timeout: 2 ** 31 - 1,
        ...(sent.stream && { headers: { accept: eventStream } }),
      });
      return readCompletion(answer, request, endpoint, model);
    } catch (error) {
      signal?.throwIfAborted();
      if (timedOut) {
        const words = `no whole answer within ${attemptTimeoutMs / 1000} s`;
        throw new AttemptError('timeout', { host, words, billingUnknown: true });
      }
      throw error instanceof AttemptError ? learnFrom(error, { profile, request, sent, onNotice }) : error;
    } finally {
      clearTimeout(timer);
      offAbort();
    }
  };

  return {
    name: model,
    baseUrl: endpoint.href,
    complete: (request, { signal } = {}) => attempt(request, signal),
    close: () => transport.close(),
  };
}

/** The headers with their names in lower case. No value is quoted: it may be a key. */
function checkHeaders(headers: Record<string, string>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => {
    if (/^[\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)) return [name.toLowerCase(), value];
    throw new UsageError(`the header ${JSON.stringify(name)} cannot be sent`, {
      hint: 'names are letters, digits and hyphens; values are ASCII without line breaks',
    });
  });
  return Object.fromEntries(entries);
}
