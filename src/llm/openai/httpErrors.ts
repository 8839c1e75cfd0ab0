import { STATUS_CODES } from 'node:http';
import type { Dispatcher } from 'undici';
import { isRecord } from '../../record.js';
import { saysCutOff } from '../failures/answerFault.js';
import { AttemptError } from '../failures/attemptError.js';
import { type ConnectionFault, connectionFault, innermost } from '../failures/connectionFault.js';
import { retryAfterMs } from '../limits/rateLimitHeaders.js';
import type { BaseUrl } from './baseUrl.js';
import { parseJson, readErrorBody } from './errorBody.js';
import { readUsage } from './readCompletion.js';

/** The server that a request goes to, and what was sent to prove who asks. */
export interface RequestTarget {
  server: BaseUrl;
  /** The credential, for messages; undefined if none was sent. */
  credential: string | undefined;
}

export function headerOf(
  { headers }: Pick<Dispatcher.ResponseData<unknown>, 'headers'>,
  name: string,
): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Statuses of gateways that gave up on a server which may have continued, and billed. */
const maybeBilledStatuses = new Set([408, 504, 524]);

/** Returns the failure for an answer's status, or for an error inside its 200. */
export function statusError(
  response: Pick<Dispatcher.ResponseData<unknown>, 'statusCode' | 'headers'>,
  text: string,
  { server: { host, redact }, credential }: RequestTarget,
): AttemptError {
  const body = readErrorBody(text, redact);
  const status = response.statusCode < 300 ? (body.status ?? response.statusCode) : response.statusCode;
  const shouldRetry = headerOf(response, 'x-should-retry');
  const json = parseJson(text);
  const usage = isRecord(json) ? readUsage(json.usage) : undefined;
  // What was written before a stream broke off is billed.
  const isPartial = isRecord(json) && Array.isArray(json.choices);
  const isBadJson = body.failedGeneration !== undefined || body.code === 'json_validate_failed';
  const isCutOff = saysCutOff(body.message);
  return new AttemptError(isCutOff ? 'length' : isBadJson ? 'bad-json' : 'status', {
    host,
    credential,
    status,
    serverMessage: text.trim() === '' ? (STATUS_CODES[status] ?? 'an empty body') : body.message,
    code: body.code,
    type: body.type,
    param: body.param,
    retryAfterMs: retryAfterMs((name) => headerOf(response, name), Date.now()) ?? body.retryAfterMs,
    shouldRetry: shouldRetry === undefined ? undefined : shouldRetry === 'true',
    inBody: response.statusCode < 300,
    isPage: json === undefined,
    usage,
    answer: body.failedGeneration,
    billingUnknown: usage === undefined && (isCutOff || isBadJson || isPartial || maybeBilledStatuses.has(status)),
  });
}

/** Returns the failure for a connection that was lost, or never made. */
export function connectionError(error: unknown, { server }: RequestTarget, idleTimeoutMs: number): AttemptError {
  if (error instanceof AttemptError) return error;
  const { host, redact } = server;
  const { fault, code, message, billingUnknown } = connectionFault(error) ?? lostConnection(error);
  const paused = fault === 'timeout' && `the answer paused for ${idleTimeoutMs / 1000} s`;
  return new AttemptError(fault, { host, serverMessage: paused || redact(message), code, billingUnknown });
}

function lostConnection(error: unknown): ConnectionFault {
  const { code = '', message = '' } = innermost(error) as { code?: string; message?: string };
  return { fault: 'reset', code, message: message || code || 'the connection was lost', billingUnknown: true };
}
