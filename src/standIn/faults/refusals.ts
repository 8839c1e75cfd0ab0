import type { Facts, Problem, Profile } from '../profiles/profile.js';
import type { FaultName } from './faults.js';

/** An HTTP error as it is sent. */
export interface Refusal {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** The wait that it names, in milliseconds. */
  toldMs?: number | undefined;
  /** The time until which it asks to wait, where it names one instead. */
  toldUntilEpochMs?: number | undefined;
}

/** What a server of the profile says of a problem. */
export function refuse(profile: Profile, problem: Problem, facts: Facts): Refusal {
  const said = profile.says[problem](facts);
  const body = JSON.stringify(profile.shape(said));
  if (problem !== 'rate429') return { status: said.status, body, headers: {} };
  return { status: said.status, body, ...profile.waitHeaders(facts) };
}

const page = (title: string) =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
const html = { 'content-type': 'text/html' };
const json = (status: number, value: unknown): Refusal => ({ status, body: JSON.stringify(value), headers: {} });

/** Errors whose form belongs to somebody else than the profile's server: a gateway, another provider, a framework. */
const foreign: Partial<Record<FaultName, Refusal>> = {
  http502: { status: 502, body: page('502 Bad Gateway'), headers: html },
  http504: { status: 504, body: page('504 Gateway Time-out'), headers: html },
  // Anthropic
  overloaded529: json(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  errorString500: json(500, { error: 'llama runner process has terminated: exit status 2' }),
  // Moonshot
  balance429: json(429, {
    error: {
      message:
        'Your account org-standin is suspended due to insufficient balance, please recharge your account or check your plan and billing details',
      type: 'exceeded_current_quota_error',
    },
  }),
  // Google
  expiredKey400: json(400, [
    { error: { code: 400, message: 'API key expired. Please renew the API key.', status: 'INVALID_ARGUMENT' } },
  ]),
  // vLLM before 0.10
  flatVllm400: json(400, {
    object: 'error',
    message: 'top_k must be -1',
    type: 'BadRequestError',
    param: null,
    code: 400,
  }),
  // FastAPI
  detail422: json(422, { detail: [{ loc: ['body', 'messages'], msg: 'field required', type: 'value_error.missing' }] }),
};

const longWaitMs = 90_000;

/** The HTTP error that a fault is, or undefined for one that is none. */
export function refusalOf(fault: FaultName, profile: Profile, facts: Facts): Refusal | undefined {
  const wholeSeconds = Math.max(1, Math.ceil(facts.waitMs / 1000));
  const with429 = (headers: Record<string, string>, toldMs?: number, waitMs = facts.waitMs): Refusal => ({
    ...refuse(profile, 'rate429', { ...facts, waitMs }),
    headers,
    toldMs,
  });
  switch (fault) {
    case 'rate429Bare':
      return with429({});
    case 'rate429Date': {
      const date = new Date(Math.ceil(facts.nowEpochMs / 1000 + wholeSeconds) * 1000);
      return { ...with429({ 'retry-after': date.toUTCString() }), toldUntilEpochMs: date.getTime() };
    }
    case 'rate429Long':
      return with429({ 'retry-after': String(longWaitMs / 1000) }, longWaitMs, longWaitMs);
    case 'rate429Nonsense':
      return with429({
        'x-ratelimit-limit-tokens': '-1',
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-reset-tokens': '0',
        'retry-after': '0',
      });
    case 'http503After': {
      const headers = { 'retry-after': String(wholeSeconds), 'retry-after-ms': String(facts.waitMs) };
      return { ...refuse(profile, 'http503', facts), headers };
    }
    case 'noRetry500':
      return { ...refuse(profile, 'http500', facts), headers: { 'x-should-retry': 'false' } };
    case 'retryAnyway400':
      return { ...refuse(profile, 'bad400', facts), headers: { 'x-should-retry': 'true' } };
    default:
      return fault in profile.says ? refuse(profile, fault as Problem, facts) : foreign[fault];
  }
}
