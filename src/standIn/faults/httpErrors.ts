import type { Problem, ProblemFacts, ServerProfile } from '../profiles/serverProfile.js';
import { wholeSeconds } from '../profiles/shared.js';
import type { FaultName } from './faults.js';

/** An HTTP error as it is sent. */
export interface HttpError {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** The wait that it asks for, in milliseconds. */
  namedWaitMs?: number | undefined;
  /** The time until which it asks to wait, if it names a time instead. */
  namedUntilEpochMs?: number | undefined;
}

/** Returns the error that a server of the profile sends for a problem. */
export function problemError(profile: ServerProfile, problem: Problem, facts: ProblemFacts): HttpError {
  const fields = profile.errors[problem](facts);
  const body = JSON.stringify(profile.errorBody(fields));
  if (problem !== 'rate429') return { status: fields.status, body, headers: {} };
  return { status: fields.status, body, ...profile.waitHeaders(facts) };
}

const gatewayPage = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
const htmlHeaders = { 'content-type': 'text/html' };
const jsonError = (status: number, value: unknown): HttpError => ({ status, body: JSON.stringify(value), headers: {} });

/** Errors that the profile's server does not send: those of a gateway, another provider or a framework. */
const otherErrors: Partial<Record<FaultName, HttpError>> = {
  http502: { status: 502, body: gatewayPage('502 Bad Gateway'), headers: htmlHeaders },
  http504: { status: 504, body: gatewayPage('504 Gateway Time-out'), headers: htmlHeaders },
  // Anthropic
  overloaded529: jsonError(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  errorString500: jsonError(500, { error: 'llama runner process has terminated: exit status 2' }),
  // Moonshot
  balance429: jsonError(429, {
    error: {
      message:
        'Your account org-standin is suspended due to insufficient balance, please recharge your account or check your plan and billing details',
      type: 'exceeded_current_quota_error',
    },
  }),
  // Google
  expiredKey400: jsonError(400, [
    { error: { code: 400, message: 'API key expired. Please renew the API key.', status: 'INVALID_ARGUMENT' } },
  ]),
  // vLLM before 0.10
  flatVllm400: jsonError(400, {
    object: 'error',
    message: 'top_k must be -1',
    type: 'BadRequestError',
    param: null,
    code: 400,
  }),
  // LiteLLM
  budget400: jsonError(400, {
    error: {
      message: 'Budget has been exceeded! Current cost: 10.01, Max budget: 10.0',
      type: 'budget_exceeded',
      code: '400',
    },
  }),
  // OpenRouter
  day429: {
    ...jsonError(429, { error: { message: 'Rate limit exceeded: free-models-per-day', code: 429 } }),
    headers: { 'retry-after': '32400' },
    namedWaitMs: 32_400_000,
  },
  revokedKey400: jsonError(400, { error: { message: 'The API key has been revoked.', type: 'invalid_request_error' } }),
  // NVIDIA
  gone410: jsonError(410, { detail: 'The model has reached its end of life on 2026-09-01' }),
  limit503: { status: 503, body: gatewayPage('503 Service Temporarily Unavailable'), headers: htmlHeaders },
  proxy413: { status: 413, body: gatewayPage('413 Request Entity Too Large'), headers: htmlHeaders },
  // FastAPI
  detail422: jsonError(422, {
    detail: [{ loc: ['body', 'messages'], msg: 'field required', type: 'value_error.missing' }],
  }),
};

const LONG_WAIT_MS = 90_000;

/** Returns the HTTP error of a fault; undefined if the fault is not an HTTP error. */
export function faultError(fault: FaultName, profile: ServerProfile, facts: ProblemFacts): HttpError | undefined {
  const seconds = wholeSeconds(facts.waitMs);
  const with429 = (headers: Record<string, string>, namedWaitMs?: number, waitMs = facts.waitMs): HttpError => ({
    ...problemError(profile, 'rate429', { ...facts, waitMs }),
    headers,
    namedWaitMs,
  });
  switch (fault) {
    case 'rate429Bare':
      return with429({});
    case 'rate429Date': {
      const date = new Date(Math.ceil(facts.nowEpochMs / 1000 + seconds) * 1000);
      return { ...with429({ 'retry-after': date.toUTCString() }), namedUntilEpochMs: date.getTime() };
    }
    case 'rate429Long':
      return with429({ 'retry-after': String(LONG_WAIT_MS / 1000) }, LONG_WAIT_MS, LONG_WAIT_MS);
    case 'rate429Nonsense':
      return with429({
        'x-ratelimit-limit-tokens': '-1',
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-reset-tokens': '0',
        'retry-after': '0',
      });
    case 'http503After': {
      const headers = { 'retry-after': String(seconds), 'retry-after-ms': String(facts.waitMs) };
      return { ...problemError(profile, 'http503', facts), headers };
    }
    case 'noRetry500':
      return { ...problemError(profile, 'http500', facts), headers: { 'x-should-retry': 'false' } };
    case 'retryAnyway400':
      return { ...problemError(profile, 'bad400', facts), headers: { 'x-should-retry': 'true' } };
    default:
      return fault in profile.errors ? problemError(profile, fault as Problem, facts) : otherErrors[fault];
  }
}
