/** One message of a chat. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** What a model is asked. */
export interface ChatRequest {
  messages: ChatMessage[];
  /** The operator that asks (`doc2query`, …): usage is counted by stage. Not sent. */
  stage?: string | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  /** The longest answer, in tokens; the server's own limit when absent. */
  maxTokens?: number | undefined;
  seed?: number | undefined;
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
  source: 'reasoning' | 'reasoning_content' | 'reasoning_details' | 'think-block';
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
