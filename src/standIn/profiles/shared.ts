import type { Facts, Said, Tokens } from './profile.js';

/** Whole seconds, as Retry-After has them: 1 at least. */
export const wholeSeconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

export const plainUsage = ({ prompt, completion }: Tokens) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

/** vLLM's words, and DeepSeek's. */
export const requestedTooMuch = ({ contextTokens, promptTokens, maxTokens }: Facts): Said => ({
  status: 400,
  message: `This model's maximum context length is ${contextTokens} tokens. However, you requested ${promptTokens + maxTokens} tokens (${promptTokens} in the messages, ${maxTokens} in the completion). Please reduce the length of the messages or completion.`,
});
