import type { AttemptError, Fault } from './attemptError.js';
import { remainingContext } from './contextLength.js';

/** The reaction to a failed attempt. `reason` is a whole sentence for the reject or the error; `hint` says how to fix it. */
export type Verdict =
  /** No call can work: stop the run. */
  | { action: 'stop'; reason: string; hint: string }
  /** This record cannot be done. `badRequest`: the request itself was refused as invalid, so perhaps all are. */
  | { action: 'reject'; reason: string; hint?: string; badRequest?: boolean }
  /** Send no call for `forMs` (for a growing time when absent); costs no attempt. */
  | { action: 'hold'; reason: string; forMs?: number | undefined }
  /** The server is starting: wait, which costs no attempt. */
  | { action: 'wait'; reason: string; forMs?: number | undefined }
  /** A transient fault. `unreached`: the server could not be reached. `jsonMode`: a JSON mode may have caused it. */
  | { action: 'retry'; reason: string; afterMs?: number | undefined; unreached?: boolean; jsonMode?: boolean }
  /** Send the request again at once, which costs no attempt: the adapter has learned what not to send. */
  | { action: 'replay'; reason: string }
  /** The answer was cut off: ask again with twice the cap. */
  | { action: 'lengthen'; reason: string }
  /** Prompt and cap together do not fit the context; `room` tokens remain for an answer, if the server named them. */
  | { action: 'shorten'; reason: string; hint: string; room: number | undefined };

interface TaxonomyRow {
  when: (failure: AttemptError) => boolean;
  verdict: (failure: AttemptError) => Verdict;
}

const CONTEXT_MESSAGE =
  /context[ _]length|context window|context size|context limit|maximum context|maximum (model|prompt) length|prompt is too long|input is too long|reduce the length|exceeds the maximum number of tokens|max_new_tokens` must be|range of input length/i;
const FILTER_MESSAGE =
  /content[ _]?filter|content (management )?policy|moderation|flagged|\bsafety\b|inappropriate content/i;
const FILTER_CODE = /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|data_inspection_failed)$/;
const BAD_KEY_MESSAGE = /api[ _]key not valid|invalid api[ _]key|api[ _]key (has )?expired/i;
const QUOTA_CODE = /^(insufficient_quota|billing_hard_limit_reached|billing_not_active|Arrearage)$/;
const QUOTA_MESSAGE =
  /insufficient[ _](balance|credit|quota|funds)|hard limit has been reached|credit balance is too low/i;
const LOADING_MESSAGE = /loading|warming up|starting up|still starting/i;

const hasStatus =
  (...statuses: number[]) =>
  ({ status }: AttemptError) =>
    status !== undefined && statuses.includes(status);
const hasFault =
  (...faults: Fault[]) =>
  ({ fault }: AttemptError) =>
    faults.includes(fault);
const hasCode = (pattern: RegExp, { code = '', type = '' }: AttemptError) => pattern.test(code) || pattern.test(type);
const isQuota = (failure: AttemptError) => hasCode(QUOTA_CODE, failure) || QUOTA_MESSAGE.test(failure.serverMessage);
const isFiltered = (failure: AttemptError) =>
  hasCode(FILTER_CODE, failure) || FILTER_MESSAGE.test(failure.serverMessage);
const isContextLength = (failure: AttemptError) =>
  failure.code === 'context_length_exceeded' || CONTEXT_MESSAGE.test(failure.serverMessage);
const isClientError = ({ status = 0 }: AttemptError) => status >= 400 && status < 500;

const quoted = ({ serverMessage }: AttemptError) => (serverMessage === '' ? '' : `; the server says: ${serverMessage}`);
const stop =
  (problem: string, fix: string) =>
  (failure: AttemptError): Verdict => {
    const { host, status } = failure;
    const where = status === undefined ? host : `${status} from ${host}`;
    return { action: 'stop', reason: `${where}: ${problem}`, hint: `${fix}${quoted(failure)}` };
  };
const reject =
  (problem: string, extra: { hint?: string; badRequest?: boolean } = {}) =>
  ({ message }: AttemptError): Verdict => ({ action: 'reject', reason: `${problem} (${message})`, ...extra });
const transient = (failure: AttemptError): Verdict => {
  const { message: reason, retryAfterMs: afterMs, shouldRetry } = failure;
  return shouldRetry === false ? { action: 'reject', reason } : { action: 'retry', reason, afterMs };
};

const shortenHint = { hint: 'shorten the text or lower maxTokens' };
const refusedKey = (failure: AttemptError): Verdict => {
  const { credential } = failure;
  if (credential === undefined) {
    const fix = 'pass its key as apiKey; on the command line, --api-key-env names the variable that holds it';
    return stop('it requires a key, and none was sent', fix)(failure);
  }
  const fix = 'check that it is correct, not expired, and made for this host';
  return stop(`${credential} was refused`, fix)(failure);
};
const noCredit = stop('no credit or quota is left', 'add credit at the provider, or use another key');

/** The retry taxonomy; the first row that matches counts. */
const retryTaxonomy: TaxonomyRow[] = [
  { when: ({ adapted }) => adapted, verdict: ({ message: reason }) => ({ action: 'replay', reason }) },
  { when: hasFault('length'), verdict: ({ message: reason }) => ({ action: 'lengthen', reason }) },
  { when: hasFault('content-filter'), verdict: reject('the content filter ended the answer') },
  {
    when: hasFault('blank', 'bad-json'),
    verdict: ({ message: reason }) => ({ action: 'retry', reason, jsonMode: true }),
  },
  { when: hasFault('refusal'), verdict: reject('the model refused to answer') },
  {
    when: hasFault('redirect'),
    verdict: stop('it redirects to another host', 'use the address that it names as base URL, if you trust it'),
  },
  {
    when: hasFault('tls'),
    verdict: stop('its certificate is not trusted', 'check the base URL, or set NODE_EXTRA_CA_CERTS'),
  },
  {
    when: hasFault('connect'),
    verdict: ({ message: reason }) => ({ action: 'retry', reason, unreached: true }),
  },

  { when: hasStatus(401), verdict: refusedKey },
  { when: hasStatus(402), verdict: noCredit },
  { when: (f) => hasStatus(403)(f) && isFiltered(f), verdict: reject('moderation refused the text') },
  {
    when: hasStatus(403),
    verdict: stop('access was refused', 'check the rights of the key, the region and the model'),
  },
  {
    when: (f) => hasStatus(404, 405)(f) || (isClientError(f) && f.code === 'model_not_found'),
    verdict: stop('no such model, or no such address', 'check the model name and the base URL (it often ends in /v1)'),
  },
  { when: (f) => hasStatus(400)(f) && BAD_KEY_MESSAGE.test(f.serverMessage), verdict: refusedKey },

  // Some servers report it with a 400, gateways with a 200.
  { when: (f) => hasStatus(200, 400, 429)(f) && isQuota(f), verdict: noCredit },
  {
    when: (f) => hasStatus(429)(f) && /request too large/i.test(f.serverMessage),
    verdict: reject('the request alone is over the rate limit', shortenHint),
  },
  { when: (f) => hasStatus(429)(f) && f.shouldRetry === false, verdict: reject('the server says not to retry') },
  {
    when: hasStatus(429),
    verdict: ({ message: reason, retryAfterMs: forMs }) => ({ action: 'hold', reason, forMs }),
  },

  {
    when: (f) => hasStatus(400, 413, 422)(f) && isContextLength(f),
    verdict: ({ message, serverMessage }) => {
      const reason = `the text does not fit the context (${message})`;
      return { action: 'shorten', reason, ...shortenHint, room: remainingContext(serverMessage) };
    },
  },
  { when: (f) => hasStatus(400, 422)(f) && isFiltered(f), verdict: reject('the content filter refused the text') },
  { when: hasStatus(413), verdict: reject('the request is too large', shortenHint) },
  {
    when: (f) => hasStatus(503)(f) && LOADING_MESSAGE.test(f.serverMessage),
    verdict: ({ message: reason, retryAfterMs: forMs }) => ({ action: 'wait', reason, forMs }),
  },
  { when: hasStatus(408, 409, 425), verdict: transient },
  {
    when: (f) => isClientError(f) && f.shouldRetry !== true,
    verdict: reject('the request was refused as invalid', { badRequest: true }),
  },
];

/** Returns what to do about a failed attempt. A fault that no row matches is transient: 5xx, lost connections, unusable answers. */
export function classify(failure: AttemptError): Verdict {
  const row = retryTaxonomy.find(({ when }) => when(failure));
  return row === undefined ? transient(failure) : row.verdict(failure);
}
