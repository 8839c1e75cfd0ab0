/** Why a server can refuse a call. */
export type Problem =
  | 'http500'
  | 'http503'
  | 'loading503'
  | 'rate429'
  | 'tooLarge429'
  | 'auth401'
  | 'payment402'
  | 'quota429'
  | 'region403'
  | 'moderation403'
  | 'model404'
  | 'contentFilter400'
  | 'contextLength400'
  | 'contextCap400'
  | 'bad400'
  | 'timeout408'
  | 'conflict409'
  | 'parameter400' // a parameter that the model does not accept
  | 'format400' // a response_format that it does not accept
  | 'jsonWord400' // JSON mode without the word in the prompt
  | 'systemRole400' // a system message
  | 'unstreamed400' // an answer that is not streamed
  | 'vague400'; // any of these, in words that name nothing

/** The values that an error message may quote. */
export interface ProblemFacts {
  model: string;
  key: string;
  kind: 'requests' | 'tokens';
  limit: number;
  used: number;
  requested: number;
  waitMs: number;
  contextTokens: number;
  promptTokens: number;
  maxTokens: number;
  /** The parameter refused, or the type of response_format. */
  name: string;
  value: unknown;
  nowEpochMs: number;
}

/** The fields of an error, before the server's format is applied. */
export interface ErrorFields {
  status: number;
  message: string;
  type?: string | null;
  code?: string | null;
  param?: string | null;
  /** Further fields, which no other error has. */
  more?: Record<string, unknown>;
}

export type ErrorTable = Record<Problem, (facts: ProblemFacts) => ErrorFields>;

/** Where a server puts reasoning: a field, or a `<think>` block in the text, with its opening tag or without. */
export type ReasoningField =
  | 'reasoning'
  | 'reasoning_content'
  | 'reasoning_details'
  | 'both' // reasoning and reasoning_details
  | 'block'
  | 'noOpener'
  | 'hidden'; // nowhere: only its tokens are counted

export interface Tokens {
  prompt: number;
  completion: number;
  cached: number;
  reasoning: number;
}

/** One rate limit, as the headers report it; `resetMs` is the time until it is full again. */
export interface RateLimitState {
  kind: 'requests' | 'tokens';
  limit: number;
  remaining: number;
  resetMs: number;
}

/** The properties of one server: its errors, headers, reasoning and parameters. */
export interface ServerProfile {
  errors: ErrorTable;
  /** The JSON of an error's body. */
  errorBody(said: ErrorFields): unknown;
  /** The headers that report the limits, sent with every answer of a server that has limits. */
  limitHeaders(limits: RateLimitState[]): Record<string, string>;
  /** The headers of a 429, and the wait that they or its body name, in milliseconds; undefined if neither names one. */
  waitHeaders(facts: ProblemFacts): { headers: Record<string, string>; namedWaitMs: number | undefined };
  reasoningIn: ReasoningField;
  /** Parameters that it does not accept; also `json_schema`, `json_object`, `system_role` and `unstreamed`. */
  refuses: readonly string[];
  /** The name that it gives its model, if not the one that was asked for. */
  servedModel?: string;
  /** The address of its API holds the deployment and the API version, and the key comes as `api-key`. */
  isAzure?: boolean;
  /** Whether JSON mode needs the word "json" in the prompt. */
  needsJsonWord: boolean;
  /** Whether it sends an error in a stream as a chunk, with finish_reason `error`. */
  sendsErrorsAsChunks: boolean;
  usage(tokens: Tokens): Record<string, unknown>;
  /** What it sends while it makes an answer, before a plain body and before a stream. */
  keepAlive: { plain?: string; stream?: string };
}
