/** What a server can refuse a call for, whatever its words. */
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
  | 'parameter400' // a parameter that the model does not take
  | 'format400' // a response_format that it does not take
  | 'jsonWord400'; // JSON mode without the word in the prompt

/** What the words of a refusal speak of. */
export interface Facts {
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

/** A refusal before its server's shape is given to it. */
export interface Said {
  status: number;
  message: string;
  type?: string | null;
  code?: string | null;
  param?: string | null;
  /** Fields that no other refusal has. */
  more?: Record<string, unknown>;
}

export type Sayings = Record<Problem, (facts: Facts) => Said>;

/** Where the thinking goes: a field, the text's `<think>` block (with its opener or, as some templates have it, without). */
export type ThinkPlace =
  | 'reasoning'
  | 'reasoning_content'
  | 'reasoning_details'
  | 'both' // the first and the third
  | 'block'
  | 'noOpener'
  | 'hidden'; // in no field: only its tokens are counted

export interface Tokens {
  prompt: number;
  completion: number;
  cached: number;
  reasoning: number;
}

/** One limit, as the headers tell it: `resetMs` is the time until it is full again. */
export interface LimitState {
  kind: 'requests' | 'tokens';
  limit: number;
  remaining: number;
  resetMs: number;
}

/** How one server differs from the others. */
export interface Profile {
  says: Sayings;
  /** The JSON of an error's body. */
  shape(said: Said): unknown;
  /** The headers that tell the limits, sent with every answer of a server that has some. */
  limitHeaders(limits: LimitState[]): Record<string, string>;
  /** The headers of a 429, and the wait that they or its body name, in milliseconds; undefined where nothing names one. */
  waitHeaders(facts: Facts): { headers: Record<string, string>; toldMs: number | undefined };
  thinks: ThinkPlace;
  /** Parameters that it does not take, `json_schema` and `json_object` among them. */
  refuses: readonly string[];
  /** Whether JSON mode needs the word "json" in the prompt. */
  needsJsonWord: boolean;
  /** Whether an error that comes in a stream is a chunk as well, with finish_reason `error`. */
  breaksInChunk: boolean;
  usage(tokens: Tokens): Record<string, unknown>;
  /** What it sends while an answer is made, ahead of a plain body and ahead of a stream. */
  keepAlive: { plain?: string; stream?: string };
}
