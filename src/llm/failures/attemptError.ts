import { RareflowError } from '../../errors.js';
import type { Usage } from '../chatModel.js';

/** The kind of failure of an attempt. */
export type Fault =
  | 'not-sent' // held back at the last moment: it costs nothing
  | 'status' // an HTTP status other than 2xx, or an error that came in a 200
  | 'connect' // the server was never reached
  | 'tls' // no TLS connection can be made, as with a certificate that is not trusted
  | 'redirect' // it redirects to another host
  | 'reset' // the connection was lost after the request was sent
  | 'timeout' // no complete answer in time
  | 'empty-body'
  | 'cut-body'
  | 'html-body'
  | 'encoding' // a content-encoding that cannot be decoded
  | 'truncated' // the server seems to have cut the prompt off
  | 'no-choices'
  | 'blank' // white space only
  | 'no-answer' // reasoning without an answer
  | 'bad-json' // the server's own check found no JSON of the requested form
  | 'length' // the answer reached its cap
  | 'context-full' // the answer reached the end of the context
  | 'content-filter'
  | 'refusal'
  | 'finish-error'; // the server broke the answer off

export interface AttemptErrorOptions {
  /** Host and port of the endpoint, without credentials; the name of a model that has no host. */
  host: string;
  status?: number | undefined;
  /** The server's message, without keys. */
  serverMessage?: string | undefined;
  code?: string | undefined;
  type?: string | undefined;
  param?: string | undefined;
  /** The time to wait that the server asks for, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The server's own `x-should-retry`. */
  shouldRetry?: boolean | undefined;
  /** The status is that of an error inside a 200, so that the server that answered is not away. */
  inBody?: boolean | undefined;
  /** The body is a page, a plain text or empty, as proxies send it: model servers send errors as JSON. */
  isPage?: boolean | undefined;
  /** Tokens that this attempt was billed, if the server reported them. */
  usage?: Usage | undefined;
  /** True if the attempt may have been billed and the amount is unknown. */
  billingUnknown?: boolean | undefined;
  /** The answer's text, if there was one. */
  answer?: string | undefined;
  /** The adapter learned from it what not to send: the next request will differ. */
  adapted?: boolean | undefined;
  /** The credential that was sent, for messages: `the key in OPENAI_API_KEY`; undefined if nothing was. */
  credential?: string | undefined;
  /** The cap that was sent, in tokens, if the answer reached it. */
  cap?: number | undefined;
  /** The highest cap that the model accepts, in tokens, if it named it. */
  highestCap?: number | undefined;
  cause?: unknown;
}

/** One failed attempt: the adapter throws it and the retry layer judges it. It leaves src/llm only as a cause. */
export class AttemptError extends RareflowError {
  readonly fault: Fault;
  readonly host: string;
  readonly status: number | undefined;
  readonly serverMessage: string;
  readonly code: string | undefined;
  readonly type: string | undefined;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly shouldRetry: boolean | undefined;
  readonly inBody: boolean;
  readonly isPage: boolean;
  readonly usage: Usage | undefined;
  readonly billingUnknown: boolean;
  readonly answer: string | undefined;
  readonly adapted: boolean;
  readonly credential: string | undefined;
  readonly cap: number | undefined;
  readonly highestCap: number | undefined;

  constructor(fault: Fault, options: AttemptErrorOptions) {
    const { host, status, serverMessage = '', cause } = options;
    const where = status === undefined ? host : `${status} from ${host}`;
    super(`${where}: ${serverMessage === '' ? fault : serverMessage}`, { cause });
    this.fault = fault;
    this.host = host;
    this.status = status;
    this.serverMessage = serverMessage;
    this.code = options.code;
    this.type = options.type;
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
    this.shouldRetry = options.shouldRetry;
    this.inBody = options.inBody ?? false;
    this.isPage = options.isPage ?? false;
    this.usage = options.usage;
    this.billingUnknown = options.billingUnknown ?? false;
    this.answer = options.answer;
    this.adapted = options.adapted ?? false;
    this.credential = options.credential;
    this.cap = options.cap;
    this.highestCap = options.highestCap;
  }
}
