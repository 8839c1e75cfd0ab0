import { STATUS_CODES } from 'node:http';
import type { Dispatcher } from 'undici';
import { isRecord } from '../../record.js';
import { AttemptError, type AttemptErrorOptions, type Fault } from '../failures/attemptError.js';
import type { BaseUrl } from './baseUrl.js';
import { parseJson, readErrorBody } from './errorBody.js';
import { retryAfterMs } from './rateLimitHeaders.js';
import { readUsage } from './readCompletion.js';

/** Whom a request asked, and with what. */
export interface Asked {
  endpoint: BaseUrl;
  /** What the server was shown, in words; undefined where it was shown nothing. */
  credential: string | undefined;
}

export function headerOf(
  { headers }: Pick<Dispatcher.ResponseData<unknown>, 'headers'>,
  name: string,
): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Statuses of gateways that gave up on a server which may have gone on, and billed. */
const mayBeBilled = new Set([408, 504, 524]);

/** The failure that an answer's status, or an error inside its 200, stands for. */
export function statusError(
  response: Pick<Dispatcher.ResponseData<unknown>, 'statusCode' | 'headers'>,
  text: string,
  { endpoint: { host, redact }, credential }: Asked,
): AttemptError {
  const body = readErrorBody(text, redact);
  const status = response.statusCode < 300 ? (body.status ?? response.statusCode) : response.statusCode;
  const shouldRetry = headerOf(response, 'x-should-retry');
  const json = parseJson(text);
  const usage = isRecord(json) ? readUsage(json.usage) : undefined;
  // What was written before a stream broke off is billed.
  const isPartial = isRecord(json) && Array.isArray(json.choices);
  const isBadJson = body.failedGeneration !== undefined || body.code === 'json_validate_failed';
  return new AttemptError(isBadJson ? 'bad-json' : 'status', {
    host,
    credential,
    status,
    words: text.trim() === '' ? (STATUS_CODES[status] ?? 'an empty body') : body.words,
    code: body.code,
    type: body.type,
    param: body.param,
    retryAfterMs: retryAfterMs((name) => headerOf(response, name), Date.now()) ?? body.retryAfterMs,
    shouldRetry: shouldRetry === undefined ? undefined : shouldRetry === 'true',
    usage,
    answer: body.failedGeneration,
    billingUnknown: usage === undefined && (isBadJson || isPartial || mayBeBilled.has(status)),
  });
}

const neverConnected = /^(UND_ERR_CONNECT_TIMEOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const untrusted = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT)/;
const noTls = /^(ERR_SSL_WRONG_VERSION|EPROTO)/;
/** What ends a connection before a request went over it. */
const inHandshake = /^ERR_SSL_/;
const handshakeWords = /before secure TLS connection was established/;

/** The failure that a lost connection, or one that was never made, stands for. */
export function connectionError(error: unknown, { endpoint }: Asked, idleTimeoutMs: number): AttemptError {
  if (error instanceof AttemptError) return error;
  const { host, redact } = endpoint;
  const { code = '', message = '' } = innermost(error) as { code?: string; message?: string };
  if (code === 'UND_ERR_BODY_TIMEOUT') {
    const words = `the answer paused for ${idleTimeoutMs / 1000} s`;
    return new AttemptError('timeout', { host, words, billingUnknown: true });
  }
  const plain = noTls.test(code);
  const words = plain
    ? 'it does not speak TLS: is its URL http:// ?'
    : redact(message || code || 'the connection was lost');
  const isEarly = plain || neverConnected.test(code) || inHandshake.test(code) || handshakeWords.test(message);
  const options: AttemptErrorOptions = { host, words, code, billingUnknown: true };
  const fault: Fault = isEarly ? 'connect' : untrusted.test(code) ? 'tls' : 'reset';
  return new AttemptError(fault, fault === 'reset' ? options : { ...options, billingUnknown: false });
}

/** The cause at the bottom: of an AggregateError (every address of a host failed), its first. */
function innermost(error: unknown): object {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  if (error instanceof Error) return error.cause instanceof Error ? innermost(error.cause) : error;
  return {};
}
