import type { AttemptError, Fault } from './attemptError.js';
import { contextRoom } from './contextLength.js';

/** What to do about a failed attempt. `reason` is a whole sentence for the reject or the error; `hint` says how to mend it. */
export type Verdict =
  /** No call can work: stop the run. */
  | { action: 'stop'; reason: string; hint: string }
  /** This record cannot be done. `badRequest`: the request itself was found wrong, so perhaps all are. */
  | { action: 'reject'; reason: string; hint?: string; badRequest?: boolean }
  /** Nobody calls for `forMs` (a growing time where absent); costs no attempt. */
  | { action: 'hold'; reason: string; forMs?: number | undefined }
  /** The server is starting up: wait, at no cost. */
  | { action: 'wait'; reason: string; forMs?: number | undefined }
  /** A passing fault. `unreached`: the server was not even there. `jsonMode`: a JSON mode may have caused it. */
  | { action: 'retry'; reason: string; afterMs?: number | undefined; unreached?: boolean; jsonMode?: boolean }
  /** Ask again at once and at no cost: the adapter has learned what not to send. */
  | { action: 'replay'; reason: string }
  /** The answer did not fit: ask again with twice the cap. */
  | { action: 'lengthen'; reason: string }
  /** Prompt and cap together do not fit the context; `room` tokens are left for an answer, where the server told. */
  | { action: 'shorten'; reason: string; hint: string; room: number | undefined };

interface Row {
  when: (failure: AttemptError) => boolean;
  verdict: (failure: AttemptError) => Verdict;
}

const contextWords =
  /context[ _]length|context window|context size|context limit|maximum context|maximum (model|prompt) length|prompt is too long|input is too long|reduce the length|exceeds the maximum number of tokens|max_new_tokens` must be|range of input length/i;
const filterWords =
  /content[ _]?filter|content (management )?policy|moderation|flagged|\bsafety\b|inappropriate content/i;
const filterCodes = /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|data_inspection_failed)$/;
const keyWords = /api[ _]key not valid|invalid api[ _]key|api[ _]key (has )?expired/i;
const quotaCodes = /^(insufficient_quota|billing_hard_limit_reached|billing_not_active|Arrearage)$/;
const quotaWords =
  /insufficient[ _](balance|credit|quota|funds)|hard limit has been reached|credit balance is too low/i;
const loadingWords = /loading|warming up|starting up|still starting/i;

const is =
  (...statuses: number[]) =>
  ({ status }: AttemptError) =>
    status !== undefined && statuses.includes(status);
const fault =
  (...faults: Fault[]) =>
  (failure: AttemptError) =>
    faults.includes(failure.fault);
const named = (pattern: RegExp, { code = '', type = '' }: AttemptError) => pattern.test(code) || pattern.test(type);
const isQuota = (failure: AttemptError) => named(quotaCodes, failure) || quotaWords.test(failure.words);
const isFiltered = (failure: AttemptError) => named(filterCodes, failure) || filterWords.test(failure.words);
const isContext = (failure: AttemptError) =>
  failure.code === 'context_length_exceeded' || contextWords.test(failure.words);
const isClientError = ({ status = 0 }: AttemptError) => status >= 400 && status < 500;

const said = ({ words }: AttemptError) => (words === '' ? '' : `; the server says: ${words}`);
const stop =
  (what: string, mend: string) =>
  (failure: AttemptError): Verdict => {
    const { host, status } = failure;
    const where = status === undefined ? host : `${status} from ${host}`;
    return { action: 'stop', reason: `${where}: ${what}`, hint: `${mend}${said(failure)}` };
  };
const reject =
  (what: string, extra: { hint?: string; badRequest?: boolean } = {}) =>
  ({ message }: AttemptError): Verdict => ({ action: 'reject', reason: `${what} (${message})`, ...extra });
const passing = (failure: AttemptError): Verdict => {
  const { message: reason, retryAfterMs: afterMs, shouldRetry } = failure;
  return shouldRetry === false ? { action: 'reject', reason } : { action: 'retry', reason, afterMs };
};

const shorten = { hint: "shorten the text or lower the answer's cap" };
const refusedKey = (failure: AttemptError): Verdict => {
  const { credential } = failure;
  if (credential === undefined) {
    const mend = 'give its key as apiKey; on the command line, --api-key-env names the variable that holds it';
    return stop('it wants a key, and none was sent', mend)(failure);
  }
  const mend = 'check that it is right, not expired, and made for this host';
  return stop(`${credential} was refused`, mend)(failure);
};
const noCredit = stop('no credit or quota is left', 'add credit at the provider, or use another key');

/** The retry taxonomy, first match first. */
const rows: Row[] = [
  { when: ({ adapted }) => adapted, verdict: ({ message: reason }) => ({ action: 'replay', reason }) },
  { when: fault('length'), verdict: ({ message: reason }) => ({ action: 'lengthen', reason }) },
  { when: fault('content-filter'), verdict: reject('the content filter ended the answer') },
  {
    when: fault('blank', 'bad-json'),
    verdict: ({ message: reason }) => ({ action: 'retry', reason, jsonMode: true }),
  },
  { when: fault('refusal'), verdict: reject('the model refused to answer') },
  {
    when: fault('redirect'),
    verdict: stop('it redirects to another place', 'give the place it names as base URL, if you trust it'),
  },
  {
    when: fault('tls'),
    verdict: stop('its certificate is not trusted', 'check the base URL, or set NODE_EXTRA_CA_CERTS'),
  },
  {
    when: fault('connect'),
    verdict: ({ message: reason }) => ({ action: 'retry', reason, unreached: true }),
  },

  { when: is(401), verdict: refusedKey },
  { when: is(402), verdict: noCredit },
  { when: (f) => is(403)(f) && isFiltered(f), verdict: reject('moderation refused the text') },
  { when: is(403), verdict: stop('access was refused', 'check the rights of the key, the region and the model') },
  {
    when: (f) => is(404, 405)(f) || (isClientError(f) && f.code === 'model_not_found'),
    verdict: stop('no such model, or no such address', 'check the model name and the base URL (it often ends in /v1)'),
  },
  { when: (f) => is(400)(f) && keyWords.test(f.words), verdict: refusedKey },

  // Some tell it in a 400, gateways in a 200.
  { when: (f) => is(200, 400, 429)(f) && isQuota(f), verdict: noCredit },
  {
    when: (f) => is(429)(f) && /request too large/i.test(f.words),
    verdict: reject('the request is over the rate limit by itself', shorten),
  },
  { when: (f) => is(429)(f) && f.shouldRetry === false, verdict: reject('the server says not to retry') },
  {
    when: is(429),
    verdict: ({ message: reason, retryAfterMs: forMs }) => ({ action: 'hold', reason, forMs }),
  },

  {
    when: (f) => is(400, 413, 422)(f) && isContext(f),
    verdict: ({ message, words }) => {
      const reason = `the text does not fit the context (${message})`;
      return { action: 'shorten', reason, ...shorten, room: contextRoom(words) };
    },
  },
  { when: (f) => is(400, 422)(f) && isFiltered(f), verdict: reject('the content filter refused the text') },
  { when: is(413), verdict: reject('the request is too large', shorten) },
  {
    when: (f) => is(503)(f) && loadingWords.test(f.words),
    verdict: ({ message: reason, retryAfterMs: forMs }) => ({ action: 'wait', reason, forMs }),
  },
  { when: is(408, 409, 425), verdict: passing },
  {
    when: (f) => isClientError(f) && f.shouldRetry !== true,
    verdict: reject('the request was found wrong', { badRequest: true }),
  },
];

/** Says what to do about a failed attempt. What no row names is a passing fault: 5xx, lost connections, unusable answers. */
export function classify(failure: AttemptError): Verdict {
  const row = rows.find(({ when }) => when(failure));
  return row === undefined ? passing(failure) : row.verdict(failure);
}
