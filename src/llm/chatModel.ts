/** One message of a chat. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** The form that an answer should have: a JSON Schema, and a name for it (letters, digits, `_`, `-`). */
export interface AnswerSchema {
  name: string;
  /** For strict modes every object lists all its properties as required, and allows no others. */
  schema: Record<string, unknown>;
}

/** What a model is asked. */
export interface ChatRequest {
  messages: ChatMessage[];
  /**
   * Asks for JSON of this form, as strictly as the server can: the prompt must ask for it too, in the word JSON. An answer
   * may still be of another form.
   */
  schema?: AnswerSchema | undefined;
  /** The operator that asks (`doc2query`, …): usage is counted by stage. Not sent. */
  stage?: string | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  /** The longest answer, in tokens; the server's own limit when absent. */
  maxTokens?: number | undefined;
  seed?: number | undefined;
  /**
   * How many answers may be paid for, those included that are blank or cut off and so asked for again (no limit but the
   * attempts). An answer counts as soon as its tokens are known. Not sent.
   */
  maxAnswers?: number | undefined;
  /** Which of several answers to the same request this one is to be: the cache keeps each. Not sent. */
  sample?: number | undefined;
}

/** Tokens of one completion, over every attempt that was paid for it. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** The part of the prompt that the provider had cached. */
  cachedTokens?: number | undefined;
  /** The part of the completion that was thinking. */
  reasoningTokens?: number | undefined;
  /** True where the server told no usage and the numbers are our estimate. */
  estimated?: boolean | undefined;
}

/** Thinking that came apart from the answer, and the field it came in. */
export interface Thinking {
  text: string;
  source: 'reasoning' | 'reasoning_content' | 'reasoning_details' | 'thinking' | 'content-parts' | 'think-block';
}

export interface Completion {
  /** The answer, without its thinking; never empty. */
  text: string;
  thinking?: Thinking | undefined;
  /** The model that answered, as the server names it. */
  model: string;
  finishReason: string;
  usage: Usage;
  /** How many attempts were made, this one included. */
  attempts: number;
  /** How many of them gave an answer that was paid for, this one included (1). */
  answers?: number | undefined;
  /** True where nothing was paid for it now: it comes from the cache, or from a call that another request had made. */
  cached?: boolean | undefined;
}

/**
 * A chat model. `complete` rejects with RejectError when this one request cannot be answered (the stream goes on), with
 * ModelError when no request can be (the run stops), and with the signal's reason when aborted.
 */
export interface ChatModel {
  /** The name of the model that is asked. */
  readonly name: string;
  complete(request: ChatRequest, options?: { signal?: AbortSignal | undefined }): Promise<Completion>;
}

/** The sum of what two attempts were billed. */
export function addUsage(a: Usage | undefined, b: Usage): Usage {
  if (a === undefined) return b;
  const sum: Usage = {
    promptTokens: a.promptTokens + b.promptTokens,
    completionTokens: a.completionTokens + b.completionTokens,
  };
  if (a.cachedTokens !== undefined || b.cachedTokens !== undefined)
    sum.cachedTokens = (a.cachedTokens ?? 0) + (b.cachedTokens ?? 0);
  if (a.reasoningTokens !== undefined || b.reasoningTokens !== undefined)
    sum.reasoningTokens = (a.reasoningTokens ?? 0) + (b.reasoningTokens ?? 0);
  if (a.estimated || b.estimated) sum.estimated = true;
  return sum;
}
