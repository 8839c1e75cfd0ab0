import { UsageError } from '../errors.js';
import { isRecord } from '../record.js';
import { mustBe } from '../util/check.js';

/** One message of a chat. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** The form that an answer should have: a JSON Schema and its name (letters, digits, `_`, `-`). */
export interface AnswerSchema {
  name: string;
  /** For strict modes every object lists all its properties as required, and allows no others. */
  schema: Record<string, unknown>;
}

/** A request to a model. */
export interface ChatRequest {
  messages: ChatMessage[];
  /**
   * Asks for JSON of this form, as strictly as the server supports. The prompt must ask for it too, with the word JSON,
   * and an answer may still be of another form.
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
   * The most answers that may be paid for, including those that are blank or cut off and therefore requested again (default:
   * no limit but the attempts). An answer counts as soon as its tokens are known. Not sent.
   */
  maxAnswers?: number | undefined;
  /** The number of this answer, if the same request is to have several: the cache keeps each. Not sent. */
  sample?: number | undefined;
}

/** Tokens of one completion, over every attempt that was paid for it. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  /** The part of the prompt that the provider had cached. */
  cachedTokens?: number | undefined;
  /** The part of the completion that was reasoning. */
  reasoningTokens?: number | undefined;
  /** The cost that the provider reported, in dollars, to a billionth. */
  reportedCostUsd?: number | undefined;
  /** True if the server reported no usage and the numbers are our estimate. */
  estimated?: boolean | undefined;
}

/** Reasoning that came separate from the answer, and the field that held it. */
export interface Thinking {
  text: string;
  source: 'reasoning' | 'reasoning_content' | 'reasoning_details' | 'thinking' | 'content-parts' | 'think-block';
}

export interface Completion {
  /** The answer without its reasoning; never empty. */
  text: string;
  thinking?: Thinking | undefined;
  /** The mark of a chat template at which the answer was cut off: `<|im_end|>`. */
  cut?: string | undefined;
  /** The field that held the whole answer, if it was one for reasoning. */
  answerFrom?: Thinking['source'] | undefined;
  /** The model that was asked. */
  model: string;
  /** The name that the server gives it, if that is another and not the path of a file. */
  servedModel?: string | undefined;
  finishReason: string;
  usage: Usage;
  /** The number of attempts made, this one included. */
  attempts: number;
  /** The number of attempts whose answer was paid for, this one included (1). */
  answers?: number | undefined;
  /** True if nothing was paid for it now: it comes from the cache, or from a call that another request had made. */
  cached?: boolean | undefined;
  /** True if the server seems to have cut the prompt off, by the tokens that it reports. */
  promptCutOff?: boolean | undefined;
}

/**
 * A chat model. `complete` rejects with RejectError if this one request cannot be answered (the stream goes on), with
 * ModelError if no request can be (the run stops), and with the signal's reason when aborted.
 */
export interface ChatModel {
  /** The name of the model, in messages, prices and the cache's keys. */
  readonly name: string;
  complete(request: ChatRequest, options?: { signal?: AbortSignal | undefined }): Promise<Completion>;
}

/** The answer of a custom model: createModel estimates the usage if it is missing, and fills in the rest. */
export type CustomCompletion = Pick<Completion, 'text'> & Partial<Completion>;

/** A model of the user for `createModel({ model })`, which adds retries, limits, cache, budget and counts. One call is one attempt. */
export interface CustomModel {
  /** The name of the model, in messages, prices and the cache's keys: models that answer differently need different names. */
  readonly name: string;
  complete(request: ChatRequest, options: { signal: AbortSignal }): Promise<CustomCompletion>;
}

/** Returns the sum of what two attempts were billed. */
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
  if (a.reportedCostUsd !== undefined || b.reportedCostUsd !== undefined)
    sum.reportedCostUsd = addCosts(a.reportedCostUsd, b.reportedCostUsd);
  if (a.estimated || b.estimated) sum.estimated = true;
  return sum;
}

/** Adds costs that a provider reported, in dollars, to a billionth. */
export function addCosts(a = 0, b = 0): number {
  return Math.round((a + b) * 1e9) / 1e9;
}

/** The description of a ChatModel, as the end of `model must be …`. */
export const expectedChatModel = 'an object with a name and a function complete(request, { signal })';

/** Returns true for an object that can be used as a ChatModel: it has a name that is not empty, and `complete`. */
export function isChatModel(value: unknown): value is ChatModel {
  const { name, complete } = (value ?? {}) as Partial<ChatModel>;
  return typeof name === 'string' && name !== '' && typeof complete === 'function';
}

/**
 * Checks what a model's `complete` resolved to, and fills in `model`, `finishReason` and `attempts` if they are missing.
 *
 * @throws UsageError for anything but an object with a `text` and a `usage`
 */
export function checkCompletion(value: unknown, model: string): Completion {
  const answer = `the answer of complete() of the model ${model}`;
  const hint = `return { text: "…", usage: { promptTokens, completionTokens } }`;
  if (!isRecord(value)) throw mustBe(answer, 'an object with the key text', value, hint);
  if (typeof value.text !== 'string') throw mustBe(`text in ${answer}`, 'a string', value.text, hint);
  if (value.usage === undefined) {
    throw new UsageError(`usage in ${answer} is missing`, {
      hint: `${hint}, or use createModel({ model }): it estimates the tokens`,
    });
  }
  const { promptTokens, completionTokens } = isRecord(value.usage) ? value.usage : {};
  for (const [key, tokens] of Object.entries({ promptTokens, completionTokens })) {
    if (Number.isSafeInteger(tokens) && (tokens as number) >= 0) continue;
    throw mustBe(`usage.${key} in ${answer}`, 'a whole number >= 0', tokens, hint);
  }
  return { model, finishReason: 'stop', attempts: 1, ...value } as Completion;
}
