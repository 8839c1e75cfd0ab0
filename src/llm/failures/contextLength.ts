const limitWords = /maximum context length is (\d+)/i;
const promptWords = /(\d+) in the messages|(?:has|contains)(?: at least)? (\d+) input tokens/i;

/**
 * The tokens that a prompt leaves for its answer, read from a refusal in OpenAI's or vLLM's words ("maximum context length
 * is 4096 tokens … 3000 in the messages"). Undefined where it names no such numbers, or the prompt alone is too long.
 */
export function contextRoom(words: string): number | undefined {
  const limit = limitWords.exec(words)?.[1];
  const prompt = promptWords.exec(words)?.slice(1).find(Boolean);
  if (limit === undefined || prompt === undefined) return undefined;
  const room = Number(limit) - Number(prompt);
  return room > 0 ? room : undefined;
}

const capWords = /max_(completion_)?tokens/;
const highestWords =
  /supports at most (\d+)|less than or equal to \D?(\d+)|<= ?(\d+)|\[\d+, ?(\d+)\]|> (\d+), which is the maximum/i;

/**
 * The highest cap that a model takes, in tokens, read from a refusal: "max_tokens is too large: 20480. This model supports
 * at most 16384" (OpenAI), "valid range of max_tokens is [1, 8192]" (DeepSeek, Qwen), "must be less than or equal to" (Groq),
 * "expected a value <=" (Volcengine), "100000 > 64000, which is the maximum" (Anthropic). Undefined where it names none.
 */
export function highestCap(words: string): number | undefined {
  if (!capWords.test(words) || limitWords.test(words)) return undefined;
  const highest = highestWords.exec(words)?.slice(1).find(Boolean);
  return highest === undefined ? undefined : Number(highest);
}
