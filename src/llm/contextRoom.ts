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
