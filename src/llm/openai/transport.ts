import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Agent, Dispatcher, ProxyAgent } from 'undici';
import { UsageError } from '../../errors.js';
import { isRecord, isText } from '../../record.js';
import { AttemptError } from '../failures/attemptError.js';
import { type RateStates, readRates } from '../limits/rateLimitHeaders.js';
import { type BaseUrl, isCredentialHeader } from './baseUrl.js';
import { capped, readBodyText } from './body.js';
import { decoded } from './contentEncoding.js';
import { isHtml, parseJson, readErrorBody } from './errorBody.js';
import { readEventStream } from './eventStream.js';
import { connectionError, headerOf, type RequestTarget, statusError } from './httpErrors.js';
import type { ServerProxy } from './proxy.js';
import { reportedCost } from './readCompletion.js';

export interface TransportOptions {
  server: BaseUrl;
  /** In milliseconds. */
  connectTimeoutMs: number;
  /** Sent with every request. */
  headers: Record<string, string>;
  /** Called with the limits that the headers of each answer name. */
  onRates?: ((rates: RateStates) => void) | undefined;
  /** Called with the name of the server's software, if an answer's headers have it. */
  onServer?: ((name: string) => void) | undefined;
  /** The proxy that requests go through, if not directly. */
  proxy?: ServerProxy | undefined;
  /** The PEM files of a client certificate and its key; the key may be in the same file. */
  clientCert?: string | undefined;
  clientKey?: string | undefined;
  /** The longest silence within a streamed answer, in milliseconds. */
  idleTimeoutMs: number;
  /** The name of what holds the key, for messages. */
  keyName?: string | undefined;
}

export interface Transport {
  /** For the openai client. It always resolves; the answer's `json()` returns complete JSON or throws an AttemptError. */
  fetch: typeof fetch;
  /** Ends the connections, those in use too. */
  close(): Promise<void>;
}

/** Made on first use: the built-in Headers take 30 ms to load. */
let jsonHeaders: Headers | undefined;

/**
 * Returns the response for the client, which reads nothing but `json()` of a 200, and passes on what that throws (it wraps what
 * fetch throws). A Response of the platform would take about 50 µs.
 */
function responseOf(outcome: () => unknown): Response {
  jsonHeaders ??= new Headers({ 'content-type': 'application/json' });
  const response = { ok: true, status: 200, url: '', headers: jsonHeaders, body: null, json: async () => outcome() };
  return response as unknown as Response;
}

/** The media type of streamed answers: an `accept` header with it asks for one. */
export const EVENT_STREAM = 'text/event-stream';

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 3;
/** The time that a server has to end a stream after its answer. */
const END_OF_STREAM_MS = 1000;

/**
 * Makes the HTTP transport of the openai client, over undici's `request`, which costs about half of `fetch`. The key is added
 * here, so the client never holds it, and is sent to no other host: a redirect is followed on the same host only.
 */
export function createTransport(options: TransportOptions): Transport {
  const { server, connectTimeoutMs, headers: extraHeaders, idleTimeoutMs, onRates, onServer, proxy } = options;
  const target: RequestTarget = { server, credential: credentialOf(options) };
  const certificate = clientCertificate(options);
  let opened: Promise<{ agent: Agent | ProxyAgent; request: typeof import('undici').request }> | undefined;
  const open = async () => {
    const { Agent: UndiciAgent, ProxyAgent: UndiciProxyAgent, request } = await import('undici');
    const connect = { timeout: connectTimeoutMs, ...certificate };
    // The attempt's own timer ends it: a long answer may be silent for many minutes.
    const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
    if (proxy === undefined) return { agent: new UndiciAgent({ connect, ...timeouts }), request };
    // Without a tunnel for http: servers: many proxies allow tunnels to https: ports only.
    const tunnel = { proxyTunnel: false, requestTls: connect, proxyTls: { timeout: connectTimeoutMs } };
    const agent = new UndiciProxyAgent({
      uri: proxy.origin,
      ...(proxy.authorization !== undefined && { token: proxy.authorization }),
      ...{ ...tunnel, ...timeouts },
    });
    return { agent, request };
  };
  const ownHeaders: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'rareflow',
    ...(server.azureKey !== undefined && { 'api-key': server.azureKey }),
    ...extraHeaders,
  };
  if (server.authorization !== undefined) ownHeaders.authorization = server.authorization;

  // The client asks for the same address again and again.
  let lastInput: string | undefined;
  let lastUrl = new URL(server.href);
  const addressOf = (input: string): URL => {
    if (input === lastInput) return lastUrl;
    lastUrl = new URL(input);
    lastUrl.search = server.search;
    lastInput = input;
    return lastUrl;
  };

  const exchange = async (input: string, init: RequestInit): Promise<unknown> => {
    opened ??= open();
    const { agent, request } = await opened;
    const { method = 'POST', body, signal = null } = init;
    const streams = acceptOf(init.headers) === EVENT_STREAM;
    const headers = streams ? { ...ownHeaders, accept: EVENT_STREAM } : ownHeaders;
    const bodyTimeout = streams ? idleTimeoutMs : 0;
    const lost = (error: unknown) => {
      throw throughProxy(connectionError(error, target, idleTimeoutMs), proxy);
    };
    let url = addressOf(input);
    for (let hop = 0; ; hop++) {
      const settings = {
        method,
        headers,
        body: body as string,
        signal,
        bodyTimeout,
        headersTimeout: 0,
        dispatcher: agent,
      };
      const response = await request(url, settings as Parameters<typeof request>[1]).catch(lost);
      const software = headerOf(response, 'server');
      if (software !== undefined) onServer?.(software);
      onRates?.(readRates((name) => headerOf(response, name), Date.now()));
      if (response.statusCode < 300 && headerOf(response, 'content-type')?.startsWith(EVENT_STREAM)) {
        const answer = await readEventStream(capped(decoded(response, server.host), server.host)).catch(lost);
        closeSoon(response.body);
        return withHeaderCost(response, checkJson(response, answer, target));
      }
      const text = await readText(response, server.host).catch(lost);
      if (response.statusCode === 407 && proxy !== undefined) throw refusedByProxy(server.host, 407, proxy);
      const location = redirectStatuses.has(response.statusCode) ? headerOf(response, 'location') : undefined;
      if (location === undefined || !URL.canParse(location, url.href)) {
        try {
          return readJsonBody(response, text, target);
        } catch (error) {
          throw error instanceof AttemptError && error.isPage ? withProxy(error, proxy) : error;
        }
      }
      const redirect = new URL(location, url);
      const follows = response.statusCode >= 307 && isSameHost(redirect, url) && hop < MAX_REDIRECTS;
      if (!follows) {
        const serverMessage = server.redact(`a redirect to ${redirect.origin}${redirect.pathname}`);
        throw new AttemptError('redirect', { host: server.host, status: response.statusCode, serverMessage });
      }
      url = redirect;
    }
  };

  return {
    async fetch(input, init = {}) {
      try {
        const json = await exchange(String(input), init);
        return responseOf(() => json);
      } catch (error) {
        return responseOf(() => {
          throw error;
        });
      }
    },
    async close() {
      await (await opened)?.agent.destroy();
    },
  };
}

function acceptOf(headers: RequestInit['headers']): string | null {
  return (headers instanceof Headers ? headers : new Headers(headers)).get('accept');
}

/** A short body is read at once. */
const SHORT_BODY_BYTES = 2 ** 16;

function readText(response: Dispatcher.ResponseData<unknown>, host: string): Promise<string> {
  const isPlain = headerOf(response, 'content-encoding') === undefined;
  if (isPlain && Number(headerOf(response, 'content-length')) <= SHORT_BODY_BYTES) return response.body.text();
  return readBodyText(decoded(response, host), host);
}

/** Names the proxy in the failure of a connection that was made through one. */
function throughProxy(failure: AttemptError, proxy: ServerProxy | undefined): AttemptError {
  if (proxy === undefined) return failure;
  const { host, fault, serverMessage } = failure;
  const status = /^Proxy (?:response|Authentication Required) \((\d+)\)/.exec(serverMessage)?.[1];
  if (status !== undefined) return refusedByProxy(host, Number(status), proxy);
  return fault === 'connect' || fault === 'reset' ? withProxy(failure, proxy) : failure;
}

/** Adds the proxy to the message of a failure that may be its own. */
function withProxy(failure: AttemptError, proxy: ServerProxy | undefined): AttemptError {
  if (proxy === undefined) return failure;
  const { fault, serverMessage } = failure;
  return new AttemptError(fault, { ...failure, serverMessage: `${serverMessage} (through the proxy ${proxy.origin})` });
}

function refusedByProxy(host: string, status: number, { origin, authorization }: ServerProxy): AttemptError {
  const credentials =
    authorization === undefined
      ? 'wants a user and a password: http://USER:PASSWORD@HOST:PORT'
      : 'refused its user or password';
  const why =
    status === 407
      ? credentials
      : `answered ${status} to the connection; NO_PROXY names hosts that are reached without it`;
  return new AttemptError('connect', { host, serverMessage: `the proxy ${origin} ${why}` });
}

/** Reads the files of a client certificate. Throws UsageError for a file that cannot be read, and for a key without a certificate. */
function clientCertificate({ clientCert, clientKey = clientCert }: Pick<TransportOptions, 'clientCert' | 'clientKey'>) {
  if (clientKey === undefined) return {};
  if (clientCert === undefined) {
    throw new UsageError('a client key was given without its certificate', { hint: 'add clientCert (--client-cert)' });
  }
  return {
    cert: readPem(clientCert, 'clientCert (--client-cert)'),
    key: readPem(clientKey, 'clientKey (--client-key)'),
  };
}

function readPem(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${option} cannot be read: ${file}`, { hint: 'it takes the path of a PEM file', cause });
  }
}

/** Closes a connection that a server keeps open after a complete answer; one that ends in time is used again. */
function closeSoon(body: Readable): void {
  if (body.closed) return;
  const timer = setTimeout(() => body.destroy(), END_OF_STREAM_MS).unref();
  body.once('close', () => clearTimeout(timer));
}

function isSameHost(target: URL, from: URL): boolean {
  const upgraded = target.protocol === 'https:' && target.hostname === from.hostname && target.port === '';
  return target.origin === from.origin || (from.protocol === 'http:' && from.port === '' && upgraded);
}

/** Returns the name of what proves to the server who asks, for messages; undefined if nothing does. */
export function credentialOf({
  server,
  headers,
  keyName,
}: Pick<TransportOptions, 'server' | 'headers' | 'keyName'>): string | undefined {
  if (server.authorization?.startsWith('Basic')) return 'the user in the base URL';
  if ((server.authorization ?? server.azureKey) !== undefined)
    return keyName === undefined ? 'the API key' : `the key in ${keyName}`;
  return Object.keys(headers).some(isCredentialHeader) ? 'the key in the headers' : undefined;
}

/** Parses the JSON of an answer. Throws an AttemptError for one that is not a success. */
function readJsonBody(response: Dispatcher.ResponseData<unknown>, text: string, target: RequestTarget): unknown {
  const { statusCode: status } = response;
  if (status < 200 || status > 299) throw statusError(response, text, target);
  const { host, redact } = target.server;
  if (text.trim() === '') {
    throw new AttemptError('empty-body', { host, status, serverMessage: 'an empty body', billingUnknown: true });
  }
  if (isHtml(text)) {
    const serverMessage = `${readErrorBody(text, redact).message} instead of JSON (check the base URL: it often ends in /v1)`;
    throw new AttemptError('html-body', { host, status, serverMessage });
  }
  return withHeaderCost(response, checkJson(response, parseJson(text), target));
}

/** Headers of gateways that report the cost of an answer in dollars, such as LiteLLM's `x-litellm-response-cost`. */
const COST_HEADER = /^x-([\w-]+-)?(cost|cost-usd|total-cost)$/;

/** Puts the cost that a header reports into the usage of an answer, unless the answer itself reports one. */
function withHeaderCost({ headers }: Dispatcher.ResponseData<unknown>, json: unknown): unknown {
  const name = Object.keys(headers).find((one) => COST_HEADER.test(one) && Number(headers[one]) >= 0);
  if (name === undefined || !isRecord(json) || reportedCost(json) !== undefined) return json;
  return { ...json, usage: { ...(isRecord(json.usage) ? json.usage : {}), cost: headers[name] } };
}

/** Returns the JSON of a 200. Throws an AttemptError for an error inside it, as gateways send. */
function checkJson(response: Dispatcher.ResponseData<unknown>, json: unknown, target: RequestTarget): unknown {
  if (json === undefined) {
    const { statusCode: status } = response;
    const serverMessage = 'an answer that breaks off or is nested too deep';
    throw new AttemptError('cut-body', { host: target.server.host, status, serverMessage, billingUnknown: true });
  }
  if (isErrorBody(json)) throw statusError(response, JSON.stringify(json), target);
  return json;
}

/** Returns true for a 200 that holds an error: `error`, a `base_resp` that reports one, or a message and no choices. */
function isErrorBody(json: unknown): boolean {
  if (!isRecord(json)) return false;
  const { error, base_resp: minimax, choices } = json;
  if (error !== undefined && error !== null && error !== '') return true;
  if (Array.isArray(choices)) return false;
  if (isRecord(minimax) && Number(minimax.status_code) !== 0) return true;
  return [json.message, json.msg, json.detail].some(isText);
}
