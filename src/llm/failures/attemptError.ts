import { RareflowError } from '../../errors.js';
import type { Usage } from '../chatModel.js';

/** What went wrong in one attempt, as seen on the wire. */
export type Fault =
  | 'not-sent' // held back at the last moment: it costs nothing
  | 'status' // an HTTP status that is no success, or an error that came in a 200
  | 'connect' // the server was never reached
  | 'tls' // its certificate is not trusted
  | 'redirect' // it sends us to another host
  | 'reset' // the connection was lost after the request had gone out
  | 'timeout' // no whole answer in time
  | 'empty-body'
  | 'cut-body'
  | 'html-body'
  | 'no-choices'
  | 'blank' // white space only
  | 'bad-json' // the server's own check found no JSON of the form asked for
  | 'length' // finish_reason length
  | 'content-filter' // finish_reason content_filter
  | 'refusal'
  | 'finish-error'; // finish_reason error

export interface AttemptErrorOptions {
  /** Host and port of the endpoint; never its credentials. */
  host: string;
  status?: number | undefined;
  /** The server's words, without keys. */
  words?: string | undefined;
  code?: string | undefined;
  type?: string | undefined;
  param?: string | undefined;
  /** How long the server asks us to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The server's own `x-should-retry`. */
  shouldRetry?: boolean | undefined;
  /** Tokens that this attempt was billed, where the server told. */
  usage?: Usage | undefined;
  /** True where the attempt may have been billed and nobody told how much. */
  billingUnknown?: boolean | undefined;
  /** The answer's text, where there was one. */
  answer?: string | undefined;
  /** The adapter learned from it what not to send: asked again, the request differs. */
  adapted?: boolean | undefined;
  /** What the server was shown, in words: `the key in OPENAI_API_KEY`; undefined where it was shown none. */
  credential?: string | undefined;
  /** The cap that was sent, in tokens, where the answer met it. */
  cap?: number | undefined;
  /** The highest cap that the model takes, in tokens, where it told. */
  highestCap?: number | undefined;
  cause?: unknown;
}

/** One attempt that failed: what the adapter throws and the retry layer judges. It does not leave src/llm but as a cause. */
export class AttemptError extends RareflowError {
  readonly fault: Fault;
  readonly host: string;
  readonly status: number | undefined;
  readonly words: string;
  readonly code: string | undefined;
  readonly type: string | undefined;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly shouldRetry: boolean | undefined;
  readonly usage: Usage | undefined;
  readonly billingUnknown: boolean;
  readonly answer: string | undefined;
  readonly adapted: boolean;
  readonly credential: string | undefined;
  readonly cap: number | undefined;
  readonly highestCap: number | undefined;

  constructor(fault: Fault, options: AttemptErrorOptions) {
    const { host, status, words = '', cause } = options;
    const where = status === undefined ? host : `${status} from ${host}`;
    super(`${where}: ${words === '' ? fault : words}`, { cause });
    this.fault = fault;
    this.host = host;
    this.status = status;
    this.words = words;
    this.code = options.code;
    this.type = options.type;
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
    this.shouldRetry = options.shouldRetry;
    this.usage = options.usage;
    this.billingUnknown = options.billingUnknown ?? false;
    this.answer = options.answer;
    this.adapted = options.adapted ?? false;
    this.credential = options.credential;
    this.cap = options.cap;
    this.highestCap = options.highestCap;
  }
}
