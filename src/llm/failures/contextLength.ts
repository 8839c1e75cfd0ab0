import type { Usage } from '../chatModel.js';

/** Contexts are a multiple of this many tokens; servers end an answer at the last token or the one before. */
const CONTEXT_STEP = 512;
/** An answer shorter than this share of its cap did not end at the cap. */
const SHARE_OF_CAP = 0.9;

/**
 * Returns true if an answer that was cut off has filled the context: no cap was sent, or the answer ended before its cap and
 * takes, with its prompt, a number of tokens that is the size of a context. A second answer with a larger cap would end there
 * too.
 */
export function fillsContext(cap: number | undefined, usage: Usage | undefined): boolean {
  if (cap === undefined) return true;
  if (usage === undefined || usage.estimated || usage.completionTokens > SHARE_OF_CAP * cap) return false;
  const total = usage.promptTokens + usage.completionTokens;
  return total > CONTEXT_STEP / 2 && (total + 1) % CONTEXT_STEP <= 2;
}

const CONTEXT_LENGTH = /maximum context length is (\d+)/i;
/** Numbers are bounded from both sides: a message of digits alone would otherwise be scanned once from each of them. */
const PROMPT_LENGTH = /(?<!\d)(\d{1,12}) in the messages|(?:has|contains)(?: at least)? (\d+) input tokens/i;

/**
 * Returns the tokens that a prompt leaves for its answer, read from a refusal by OpenAI or vLLM ("maximum context length
 * is 4096 tokens … 3000 in the messages"). Undefined if it names no such numbers, or the prompt alone is too long.
 */
export function remainingContext(message: string): number | undefined {
  const limit = CONTEXT_LENGTH.exec(message)?.[1];
  const prompt = PROMPT_LENGTH.exec(message)?.slice(1).find(Boolean);
  if (limit === undefined || prompt === undefined) return undefined;
  const remaining = Number(limit) - Number(prompt);
  return remaining > 0 ? remaining : undefined;
}

const CAP = /max_(completion_)?tokens/;
const HIGHEST_CAP =
  /supports at most (\d+)|less than or equal to \D?(\d+)|<= ?(\d+)|\[\d+, ?(\d+)\]|> (\d+), which is the maximum/i;

/**
 * Returns the highest cap that a model accepts, in tokens, read from a refusal: "max_tokens is too large: 20480. This model
 * supports at most 16384" (OpenAI), "valid range of max_tokens is [1, 8192]" (DeepSeek, Qwen), "must be less than or equal
 * to" (Groq), "expected a value <=" (Volcengine), "100000 > 64000, which is the maximum" (Anthropic). Undefined if it
 * names none.
 */
export function highestCap(message: string): number | undefined {
  if (!CAP.test(message) || CONTEXT_LENGTH.test(message)) return undefined;
  const highest = HIGHEST_CAP.exec(message)?.slice(1).find(Boolean);
  return highest === undefined ? undefined : Number(highest);
}
