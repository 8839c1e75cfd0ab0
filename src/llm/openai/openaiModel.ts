import type OpenAI from 'openai';
import { UsageError } from '../../errors.js';
import { onAbort } from '../../util/abort.js';
import { type OptionsOf, withDefaults } from '../../util/options.js';
import type { Capabilities } from '../capabilities.js';
import type { ChatModel, ChatRequest, Completion } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import type { RateStates } from '../limits/rateLimitHeaders.js';
import { type environmentOptions, MAX_TIMER_MS, serverOptions, timeoutOptions } from '../options.js';
import { AnswerNotices } from './answerNotices.js';
import { parseBaseUrl } from './baseUrl.js';
import { proxyFor } from './proxy.js';
import { readCompletion } from './readCompletion.js';
import type { ChatCompletionBody } from './requestBody.js';
import { type CapabilityOptions, ServerCapabilities } from './serverCapabilities.js';
import { createTransport, EVENT_STREAM } from './transport.js';

export interface OpenaiModelOptions
  extends Omit<OptionsOf<typeof serverOptions>, 'baseUrl' | 'apiKey' | 'keyName'>,
    OptionsOf<typeof timeoutOptions>,
    Pick<OptionsOf<typeof environmentOptions>, 'onNotice'>,
    Pick<CapabilityOptions, 'needsCap' | 'memory' | 'onProbe'> {
  /** The model's name, as the server knows it. */
  model: string;
  /** The address of the API, up to its version (`https://api.openai.com/v1`). */
  baseUrl?: string | undefined;
  /** Sent as a bearer token to the base URL's host and nowhere else. */
  apiKey?: string | undefined;
  /** The name of what holds the key, such as a variable: messages say "the key in …". */
  keyName?: string | undefined;
  /** Called with the limits that the server names with an answer. */
  onRates?: ((rates: RateStates) => void) | undefined;
}

/** The headers of a request for a streamed answer; another one has none. */
const acceptStream = { accept: EVENT_STREAM };

/** The known capabilities of a server. */
export type KnownCapabilities = Capabilities & { count: number; isNarrowing: boolean };

export interface OpenaiModel extends ChatModel {
  /** The address of the server, without credentials and query. */
  readonly baseUrl: string;
  /** The known capabilities of the server, the number of probes sent, and whether a refused part is still unknown. */
  readonly capabilities: KnownCapabilities;
  /** Closes its connections, also those in use. */
  close(): Promise<void>;
}

/**
 * Makes a model behind an OpenAI-compatible API that makes one attempt a call: it throws failures as AttemptErrors, for
 * `retry` to judge. The client is loaded at the first call.
 *
 * @throws UsageError for a base URL, a key or headers that cannot be used
 */
export function openaiModel(options: OpenaiModelOptions): OpenaiModel {
  const { model, baseUrl = 'https://api.openai.com/v1', apiKey, keyName, onRates, clientCert, clientKey } = options;
  const { attemptTimeoutMs, connectTimeoutMs, idleTimeoutMs } = withDefaults(
    { ...serverOptions, ...timeoutOptions },
    options,
  );
  const headers = checkHeaders({ ...options.headers, ...options.secretHeaders });
  const proxy = URL.canParse(baseUrl) ? proxyFor(new URL(baseUrl), options.proxy ?? {}) : undefined;
  const server = parseBaseUrl(baseUrl, apiKey, headers, { ...options.secretHeaders, ...proxy?.secrets });
  const capabilities = new ServerCapabilities(server, options);
  const transport = createTransport({
    ...{ server, connectTimeoutMs, idleTimeoutMs, headers, keyName, onRates, proxy, clientCert, clientKey },
    onServer: (name) => capabilities.noteServer(name),
  });
  const notices = new AnswerNotices(server.host, options.onNotice);
  let client: Promise<OpenAI> | undefined;

  const connect = async (): Promise<OpenAI> => {
    const { OpenAI: Client } = await import('./client.js');
    // Not at the top of the file: the built-in Headers take 30 ms to load, and the offline model never comes here.
    const noHeaders = new Headers();
    const streamHeaders = new Headers(acceptStream);
    /** The transport sets the headers: those of the client would take a twentieth of a call to make. */
    class ChatClient extends Client {
      override async buildRequest(...[{ path, body, signal, timeout, headers }]: Parameters<OpenAI['buildRequest']>) {
        const shown = headers === undefined ? noHeaders : streamHeaders;
        const req = { method: 'post' as const, headers: shown, body: JSON.stringify(body), ...(signal && { signal }) };
        return { req, url: `${server.href}${path}`, timeout: timeout ?? MAX_TIMER_MS };
      }
    }
    return new ChatClient({
      baseURL: server.href,
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
    if (client === undefined && proxy !== undefined) {
      options.onNotice?.(`${server.host}: calls go through the proxy ${proxy.origin}`);
    }
    client ??= connect();
    const api = await client;
    signal?.throwIfAborted(); // it may have aborted while the client was loaded
    const sent = capabilities.body(model, request);
    const controller = new AbortController();
    const offAbort = signal === undefined ? () => {} : onAbort(signal, () => controller.abort());
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, attemptTimeoutMs);
    const ask = async (body: ChatCompletionBody): Promise<Completion> => {
      try {
        // `post`, because `chat.completions.create` would not return a streamed answer as the one JSON that the transport makes of it.
        const answer = await api.post<unknown>('/chat/completions', {
          body,
          signal: controller.signal,
          timeout: MAX_TIMER_MS,
          ...(body.stream && { headers: acceptStream }),
        });
        const completion = readCompletion(answer, request, server, model);
        notices.answered(completion);
        return completion;
      } catch (error) {
        signal?.throwIfAborted();
        notices.failed(error);
        if (!timedOut) throw error;
        const serverMessage = `no complete answer within ${attemptTimeoutMs / 1000} s`;
        throw new AttemptError('timeout', { host: server.host, serverMessage, billingUnknown: true });
      }
    };
    try {
      const completion = await ask(sent);
      capabilities.succeeded(sent, completion);
      return completion;
    } catch (error) {
      if (!(error instanceof AttemptError)) throw error;
      return await capabilities.recover(error, request, sent, ask);
    } finally {
      clearTimeout(timer);
      offAbort();
    }
  };

  return {
    name: model,
    baseUrl: server.href,
    get capabilities() {
      return { ...capabilities.current, ...capabilities.probes };
    },
    complete: (request, { signal } = {}) => attempt(request, signal),
    close: () => transport.close(),
  };
}

/** Returns the headers with their names in lower case. Errors quote no value: it may be a key. */
function checkHeaders(headers: Record<string, string>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => {
    if (/^[\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)) return [name.toLowerCase(), value];
    throw new UsageError(`the header ${JSON.stringify(name)} cannot be sent`, {
      hint: 'names are letters, digits and hyphens; values are ASCII without line breaks',
    });
  });
  return Object.fromEntries(entries);
}
