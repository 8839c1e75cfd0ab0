import { saysCutOff } from './answerFault.js';
import type { AttemptError, Fault } from './attemptError.js';
import { remainingContext } from './contextLength.js';
import { lastingRefusal } from './lastingRefusal.js';
import { tlsProblem, tlsProblemOfAnswer } from './tlsProblem.js';

/** The reaction to a failed attempt. `reason` is a whole sentence for the reject or the error; `hint` says how to fix it. */
export type Verdict =
  /** No call can work: stop the run. */
  | { action: 'stop'; reason: string; hint: string }
  /** This record cannot be done. `badRequest`: nothing in the refusal is about the record, so perhaps all are refused. */
  | { action: 'reject'; reason: string; hint?: string; badRequest?: boolean }
  /** Send no call for `forMs` (for a growing time when absent); costs no attempt. */
  | { action: 'hold'; reason: string; forMs?: number | undefined }
  /**
   * The server is away (`unreached`: it cannot even be reached), or limits its calls by such a status: as 'hold' if it has
   * worked before. `foreign`: a page that no model server sends, so perhaps it is another server.
   */
  | { action: 'away'; reason: string; forMs?: number | undefined; unreached?: boolean; foreign?: boolean }
  /** The server is starting: wait, which costs no attempt. */
  | { action: 'wait'; reason: string; forMs?: number | undefined }
  /**
   * A transient fault. `foreign`: as above. `jsonMode`: a JSON mode may have caused it. `most`: that many answers with this
   * fault reject the record, with the hint.
   */
  | {
      action: 'retry';
      reason: string;
      afterMs?: number | undefined;
      foreign?: boolean;
      jsonMode?: boolean;
      most?: number;
      hint?: string;
    }
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
  /context[ _]length|context window|context size|context limit|maximum context|maximum (model|prompt) length|prompt is too long|input is too long|reduce the length|exceeds the maximum number of tokens|max_new_tokens` must be|range of input length|max_(completion_)?tokens must be (at least 1|greater than 0|positive).{0,20}-\d/i;
const FILTER_MESSAGE =
  /content[ _]?filter|content (management )?policy|moderation|flagged|\bsafety\b|inappropriate content/i;
const FILTER_CODE = /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|data_inspection_failed)$/;
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
const isFiltered = (failure: AttemptError) =>
  hasCode(FILTER_CODE, failure) || FILTER_MESSAGE.test(failure.serverMessage);
const isContextLength = (failure: AttemptError) =>
  failure.code === 'context_length_exceeded' || CONTEXT_MESSAGE.test(failure.serverMessage);
const isClientError = ({ status = 0 }: AttemptError) => status >= 400 && status < 500;

const quoted = ({ serverMessage }: AttemptError) => (serverMessage === '' ? '' : `; the server says: ${serverMessage}`);
const stopped = (failure: AttemptError, { problem, fix }: { problem: string; fix: string }): Verdict => {
  const { host, status } = failure;
  const where = status === undefined ? host : `${status} from ${host}`;
  return { action: 'stop', reason: `${where}: ${problem}`, hint: `${fix}${quoted(failure)}` };
};
const stop =
  (problem: string, fix: string) =>
  (failure: AttemptError): Verdict =>
    stopped(failure, { problem, fix });
/** A row for the failures in which `find` finds a problem that stops the run. */
const stopIf = (find: (failure: AttemptError) => { problem: string; fix: string } | undefined): TaxonomyRow => ({
  when: (failure) => find(failure) !== undefined,
  verdict: (failure) => stopped(failure, find(failure) ?? { problem: failure.message, fix: '' }),
});
const reject =
  (problem: string, extra: { hint?: string; badRequest?: boolean } = {}) =>
  ({ message }: AttemptError): Verdict => ({ action: 'reject', reason: `${problem} (${message})`, ...extra });
const transient = (failure: AttemptError, about = ''): Verdict => {
  const { retryAfterMs: afterMs, shouldRetry } = failure;
  const reason = failure.message + about;
  return shouldRetry === false ? { action: 'reject', reason, badRequest: true } : { action: 'retry', reason, afterMs };
};

const shortenHint = { hint: 'shorten the text or lower maxTokens (--max-tokens)' };
const refusedKey = (failure: AttemptError): Verdict => {
  const { credential, isPage } = failure;
  // A page is a proxy's: those ask for a user.
  const user = isPage ? ', or its user and password in the base URL (http://USER:PASSWORD@HOST/v1)' : '';
  return credential === undefined
    ? stop(
        'it requires a key, and none was sent',
        `give its key by apiKey (--api-key-env, with the name of the variable that holds it)${user}`,
      )(failure)
    : stop(`${credential} was refused`, 'check that it is correct, not expired, and made for this host')(failure);
};
const lengthen = ({ message: reason }: AttemptError): Verdict => ({ action: 'lengthen', reason });
const noCredit = stop('no credit or quota is left', 'add credit at the provider, or use another key');

const contextFull = ({ host, cap, usage }: AttemptError): Verdict => {
  const { promptTokens = 0, completionTokens = 0 } = usage ?? {};
  const tokens = usage === undefined ? '' : ` (${promptTokens} tokens of prompt, ${completionTokens} of answer)`;
  const capped = cap === undefined ? 'no cap was set' : `its cap was ${cap} tokens`;
  return {
    action: 'reject',
    reason: `${host}: the context is full${tokens}: the answer was cut off, and ${capped}`,
    hint: "raise the server's context (llama-server -c, Ollama num_ctx, vLLM --max-model-len), shorten the text, or set maxTokens if the server has a cap of its own",
  };
};
const NO_ANSWER_HINT =
  'if the server parses reasoning (--reasoning-parser, --reasoning-format), turn the thinking of the model on, or that parser off; else allow longer answers';

/** The retry taxonomy; the first row that matches counts. */
const retryTaxonomy: TaxonomyRow[] = [
  { when: ({ adapted }) => adapted, verdict: ({ message: reason }) => ({ action: 'replay', reason }) },
  { when: hasFault('context-full'), verdict: contextFull },
  { when: hasFault('length'), verdict: lengthen },
  { when: hasFault('content-filter'), verdict: reject('the content filter ended the answer') },
  {
    when: hasFault('blank', 'bad-json'),
    verdict: ({ message: reason }) => ({ action: 'retry', reason, jsonMode: true }),
  },
  {
    when: hasFault('no-answer'),
    verdict: ({ message: reason }) => ({ action: 'retry', reason, jsonMode: true, most: 3, hint: NO_ANSWER_HINT }),
  },
  { when: hasFault('refusal'), verdict: reject('the model refused to answer') },
  {
    when: hasFault('redirect'),
    verdict: stop('it redirects to another host', 'use the address that it names as base URL, if you trust it'),
  },
  stopIf(({ fault, code = '' }) => (fault === 'tls' ? (tlsProblem(code) ?? tlsProblem('UNABLE_TO_')) : undefined)),
  {
    when: hasFault('connect'),
    verdict: ({ message: reason }) => ({ action: 'away', reason, unreached: true }),
  },
  {
    when: hasFault('html-body', 'encoding'),
    verdict: ({ message: reason }) => ({ action: 'retry', reason, foreign: true }),
  },
  {
    when: hasFault('truncated'),
    verdict: reject('the server cut the prompt off', { hint: 'raise the context of the server (num_ctx in Ollama)' }),
  },

  { when: hasStatus(401), verdict: refusedKey },
  { when: (f) => hasStatus(400, 422)(f) && saysCutOff(f.serverMessage), verdict: lengthen },
  stopIf(({ status, serverMessage }) => (status === 400 ? tlsProblemOfAnswer(serverMessage) : undefined)),
  // In any status: some servers report it with a 400, gateways with a 200.
  stopIf(lastingRefusal),
  { when: hasStatus(402), verdict: noCredit },
  { when: (f) => hasStatus(403)(f) && isFiltered(f), verdict: reject('moderation refused the text') },
  {
    when: hasStatus(403),
    verdict: stop('access was refused', 'check the rights of the key, the region and the model'),
  },
  {
    when: hasStatus(404, 405, 410),
    verdict: stop('no such model, or no such address', 'check the model name and the base URL (it often ends in /v1)'),
  },
  {
    when: (f) => hasStatus(429)(f) && /request too large/i.test(f.serverMessage),
    verdict: reject('the request alone is over the rate limit', shortenHint),
  },
  {
    when: (f) => hasStatus(429)(f) && f.shouldRetry === false,
    verdict: reject('the server says not to retry', { badRequest: true }),
  },
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
  {
    when: (f) => hasStatus(413)(f) && f.isPage,
    verdict: reject('a proxy in front of the server limits the size of requests: in nginx, client_max_body_size', {
      hint: 'raise that limit, or shorten the text',
    }),
  },
  { when: hasStatus(413), verdict: reject('the request is too large', shortenHint) },
  {
    when: (f) => hasStatus(503)(f) && LOADING_MESSAGE.test(f.serverMessage),
    verdict: ({ message: reason, retryAfterMs: forMs }) => ({ action: 'wait', reason, forMs }),
  },
  {
    when: (f) => hasStatus(502, 503)(f) && f.shouldRetry !== false && !f.inBody,
    verdict: (f) => ({ action: 'away', reason: f.message, forMs: f.retryAfterMs, foreign: f.isPage }),
  },
  {
    when: hasStatus(504, 524),
    verdict: (f) => transient(f, '; a proxy did not wait for the answer: streamed answers (--stream) are not silent'),
  },
  { when: hasStatus(408, 409, 425), verdict: (f) => transient(f) },
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
