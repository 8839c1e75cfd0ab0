import type { Agent, Dispatcher } from 'undici';
import { isRecord } from '../../record.js';
import { AttemptError } from '../failures/attemptError.js';
import type { BaseUrl } from './baseUrl.js';
import { isHtml, parseJson, readErrorBody } from './errorBody.js';
import { readEventStream } from './eventStream.js';
import { type Asked, connectionError, headerOf, statusError } from './httpErrors.js';
import { type RateStates, readRates } from './rateLimitHeaders.js';

export interface TransportOptions {
  endpoint: BaseUrl;
  /** In milliseconds. */
  connectTimeoutMs: number;
  /** Sent with every request. */
  headers: Record<string, string>;
  /** Told the limits that the headers of every answer name. */
  onRates?: ((rates: RateStates) => void) | undefined;
  /** The longest silence within a streamed answer, in milliseconds. */
  idleTimeoutMs: number;
  /** What holds the key: how messages name it. */
  keyName?: string | undefined;
}

export interface Transport {
  /** For the openai client. It always resolves; the answer's `json()` holds whole JSON or throws an AttemptError. */
  fetch: typeof fetch;
  /** Ends the connections, those in use too. */
  close(): Promise<void>;
}

/** What the client is given: `json()` is all it reads of a 200, and hands on what that throws (a fetch's it would wrap). */
class Answer extends Response {
  override readonly json: () => Promise<unknown>;

  constructor(outcome: () => unknown) {
    super(null, { headers: { 'content-type': 'application/json' } });
    this.json = async () => outcome();
  }
}

/** Accepting it asks for a streamed answer. */
export const eventStream = 'text/event-stream';

const redirects = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 3;
/** An answer of a million tokens takes about a third of it. */
const mostBodyBytes = 2 ** 24;

/**
 * HTTP for the openai client over undici's `request`, which costs about half of `fetch`. The key is added here, so the
 * client never holds it, and goes to no other host: a redirect is followed on the same host only.
 */
export function createTransport(options: TransportOptions): Transport {
  const { endpoint, connectTimeoutMs, headers: extraHeaders, idleTimeoutMs, onRates } = options;
  const asked: Asked = { endpoint, credential: credentialOf(options) };
  let opened: Promise<{ agent: Agent; request: typeof import('undici').request }> | undefined;
  const open = async () => {
    const { Agent: UndiciAgent, request } = await import('undici');
    // The attempt's own timer ends it: a long answer may send no byte for many minutes.
    return {
      agent: new UndiciAgent({ connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 }),
      request,
    };
  };
  const ownHeaders: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'rareflow',
    ...extraHeaders,
  };
  if (endpoint.authorization !== undefined) ownHeaders.authorization = endpoint.authorization;

  const exchange = async (input: string, init: RequestInit): Promise<unknown> => {
    opened ??= open();
    const { agent, request } = await opened;
    const { method = 'POST', body, signal = null } = init;
    const streams = new Headers(init.headers).get('accept') === eventStream;
    const headers = streams ? { ...ownHeaders, accept: eventStream } : ownHeaders;
    const bodyTimeout = streams ? idleTimeoutMs : 0;
    const lost = (error: unknown) => {
      throw connectionError(error, asked, idleTimeoutMs);
    };
    let url = new URL(input);
    for (let hop = 0; ; hop++) {
      const settings = { method, headers, body: body as string, signal, bodyTimeout, dispatcher: agent };
      const response = await request(url, settings as Parameters<typeof request>[1]).catch(lost);
      onRates?.(readRates((name) => headerOf(response, name), Date.now()));
      if (response.statusCode < 300 && headerOf(response, 'content-type')?.startsWith(eventStream)) {
        return checkJson(response, await readEventStream(response.body).catch(lost), asked);
      }
      const text = await textOf(response.body, endpoint.host).catch(lost);
      const location = redirects.has(response.statusCode) ? headerOf(response, 'location') : undefined;
      if (location === undefined || !URL.canParse(location, url.href)) return readAnswer(response, text, asked);
      const target = new URL(location, url);
      const follows = response.statusCode >= 307 && isSameHost(target, url) && hop < mostRedirects;
      if (!follows) {
        const words = endpoint.redact(`a redirect to ${target.origin}${target.pathname}`);
        throw new AttemptError('redirect', { host: endpoint.host, status: response.statusCode, words });
      }
      url = target;
    }
  };

  return {
    async fetch(input, init = {}) {
      try {
        const json = await exchange(String(input), init);
        return new Answer(() => json);
      } catch (error) {
        return new Answer(() => {
          throw error;
        });
      }
    },
    async close() {
      await (await opened)?.agent.destroy();
    },
  };
}

/** The text of a body, but not of one that never ends. */
async function textOf(body: AsyncIterable<Uint8Array>, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) {
      const words = `a body of over ${mostBodyBytes / 2 ** 20} MiB`;
      throw new AttemptError('cut-body', { host, words, billingUnknown: true });
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function isSameHost(target: URL, from: URL): boolean {
  const upgraded = target.protocol === 'https:' && target.hostname === from.hostname && target.port === '';
  return target.origin === from.origin || (from.protocol === 'http:' && from.port === '' && upgraded);
}

/** How messages name what proves to the server who asks. */
export function credentialOf({
  endpoint,
  headers,
  keyName,
}: Pick<TransportOptions, 'endpoint' | 'headers' | 'keyName'>): string | undefined {
  if (endpoint.authorization?.startsWith('Basic')) return 'the user in the base URL';
  if (endpoint.authorization !== undefined) return keyName === undefined ? 'the API key' : `the key in ${keyName}`;
  return Object.keys(headers).some((name) => /key|auth|token/.test(name)) ? 'the key in the headers' : undefined;
}

/** The JSON of an answer. Throws an AttemptError for one that is no success. */
function readAnswer(response: Dispatcher.ResponseData<unknown>, text: string, asked: Asked): unknown {
  const { statusCode: status } = response;
  if (status < 200 || status > 299) throw statusError(response, text, asked);
  const { host, redact } = asked.endpoint;
  if (text.trim() === '') {
    throw new AttemptError('empty-body', { host, status, words: 'an empty body', billingUnknown: true });
  }
  if (isHtml(text)) {
    const words = `${readErrorBody(text, redact).words} where JSON was expected (is the base URL right? it often ends in /v1)`;
    throw new AttemptError('html-body', { host, status, words });
  }
  return checkJson(response, parseJson(text), asked);
}

/** Gateways put errors in their 200s. */
function checkJson(response: Dispatcher.ResponseData<unknown>, json: unknown, asked: Asked): unknown {
  if (json === undefined) {
    const { statusCode: status } = response;
    const words = 'an answer that breaks off';
    throw new AttemptError('cut-body', { host: asked.endpoint.host, status, words, billingUnknown: true });
  }
  const failed = isRecord(json) && json.error !== undefined && json.error !== null && json.error !== '';
  if (failed) throw statusError(response, JSON.stringify(json), asked);
  return json;
}
