import { STATUS_CODES } from 'node:http';
import type { Agent, Dispatcher } from 'undici';
import { isRecord } from '../record.js';
import { isHtml, parseJson, readErrorBody } from './answerBody.js';
import { AttemptError, type AttemptErrorOptions, type Fault } from './attemptError.js';
import type { BaseUrl } from './baseUrl.js';
import { type RateStates, readRates, retryAfterMs } from './rateHeaders.js';
import { readUsage } from './readCompletion.js';

export interface TransportOptions {
  endpoint: BaseUrl;
  /** In milliseconds. */
  connectTimeoutMs: number;
  /** Sent with every request. */
  headers: Record<string, string>;
  /** Told the limits that the headers of every answer name. */
  onRates?: ((rates: RateStates) => void) | undefined;
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

const redirects = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 3;

/**
 * HTTP for the openai client over undici's `request`, which costs about half of `fetch`. The key is added here, so the
 * client never holds it, and goes to no other host: a redirect is followed on the same host only.
 */
export function createTransport({
  endpoint,
  connectTimeoutMs,
  headers: extraHeaders,
  onRates,
}: TransportOptions): Transport {
  let opened: Promise<{ agent: Agent; request: typeof import('undici').request }> | undefined;
  const open = async () => {
    const { Agent: UndiciAgent, request } = await import('undici');
    // The attempt's own timer ends it: a long answer may send no byte for many minutes.
    return {
      agent: new UndiciAgent({ connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 }),
      request,
    };
  };
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'rareflow',
    ...extraHeaders,
  };
  if (endpoint.authorization !== undefined) headers.authorization = endpoint.authorization;

  const exchange = async (input: string, { method = 'POST', body, signal }: RequestInit): Promise<unknown> => {
    opened ??= open();
    const { agent, request } = await opened;
    const lost = (error: unknown) => {
      throw connectionError(error, endpoint);
    };
    let url = new URL(input);
    for (let hop = 0; ; hop++) {
      const options = { method, headers, body: body as string, signal: signal ?? null, dispatcher: agent };
      const response = await request(url, options as Parameters<typeof request>[1]).catch(lost);
      onRates?.(readRates((name) => headerOf(response, name), Date.now()));
      const text = await response.body.text().catch(lost);
      const location = redirects.has(response.statusCode) ? headerOf(response, 'location') : undefined;
      if (location === undefined || !URL.canParse(location, url.href)) return readAnswer(response, text, endpoint);
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

function isSameHost(target: URL, from: URL): boolean {
  const upgraded = target.protocol === 'https:' && target.hostname === from.hostname && target.port === '';
  return target.origin === from.origin || (from.protocol === 'http:' && from.port === '' && upgraded);
}

function headerOf({ headers }: Dispatcher.ResponseData<unknown>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The JSON of an answer. Throws an AttemptError for one that is no success. */
function readAnswer(response: Dispatcher.ResponseData<unknown>, text: string, endpoint: BaseUrl): unknown {
  const { statusCode: status } = response;
  if (status < 200 || status > 299) throw statusError(response, text, endpoint);
  const { host } = endpoint;
  if (text.trim() === '') {
    throw new AttemptError('empty-body', { host, status, words: 'an empty body', billingUnknown: true });
  }
  if (isHtml(text)) {
    const words = `${readErrorBody(text).words} where JSON was expected (is the base URL right? it often ends in /v1)`;
    throw new AttemptError('html-body', { host, status, words: endpoint.redact(words) });
  }
  const json = parseJson(text);
  if (json === undefined) {
    throw new AttemptError('cut-body', { host, status, words: 'JSON that breaks off', billingUnknown: true });
  }
  if (isRecord(json) && json.error !== undefined && json.error !== null) throw statusError(response, text, endpoint);
  return json;
}

/** Statuses of gateways that gave up on a server which may have gone on, and billed. */
const mayBeBilled = new Set([408, 504, 524]);

function statusError(
  response: Dispatcher.ResponseData<unknown>,
  text: string,
  { host, redact }: BaseUrl,
): AttemptError {
  const body = readErrorBody(text);
  const status = response.statusCode < 300 ? (body.status ?? response.statusCode) : response.statusCode;
  const shouldRetry = headerOf(response, 'x-should-retry');
  const json = parseJson(text);
  const usage = isRecord(json) ? readUsage(json.usage) : undefined;
  const clean = (value: string | undefined) => (value === undefined ? undefined : redact(value));
  return new AttemptError('status', {
    host,
    status,
    words: text.trim() === '' ? (STATUS_CODES[status] ?? 'an empty body') : redact(body.words),
    code: clean(body.code),
    type: clean(body.type),
    param: clean(body.param),
    retryAfterMs: retryAfterMs((name) => headerOf(response, name), Date.now()),
    shouldRetry: shouldRetry === undefined ? undefined : shouldRetry === 'true',
    usage,
    billingUnknown: usage === undefined && mayBeBilled.has(status),
  });
}

const neverConnected = /^(UND_ERR_CONNECT_TIMEOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const untrusted = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT)/;
const noTls = /^(ERR_SSL_WRONG_VERSION|EPROTO)/;

function connectionError(error: unknown, { host, redact }: BaseUrl): AttemptError {
  const { code = '', message = '' } = innermost(error) as { code?: string; message?: string };
  const plain = noTls.test(code);
  const words = plain
    ? 'it does not speak TLS: is its URL http:// ?'
    : redact(message || code || 'the connection was lost');
  const options: AttemptErrorOptions = { host, words, code, billingUnknown: true };
  const fault: Fault = plain || neverConnected.test(code) ? 'connect' : untrusted.test(code) ? 'tls' : 'reset';
  return new AttemptError(fault, fault === 'reset' ? options : { ...options, billingUnknown: false });
}

/** The cause at the bottom: of an AggregateError (every address of a host failed), its first. */
function innermost(error: unknown): object {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  if (error instanceof Error) return error.cause instanceof Error ? innermost(error.cause) : error;
  return {};
}
