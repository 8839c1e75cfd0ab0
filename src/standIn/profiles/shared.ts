import type { ErrorFields, ProblemFacts, Tokens } from './serverProfile.js';

/** Whole seconds, at least 1, as in Retry-After. */
export const wholeSeconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

export const plainUsage = ({ prompt, completion }: Tokens) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

/** The message of vLLM and of DeepSeek. */
export const requestedTooMuch = ({ contextTokens, promptTokens, maxTokens }: ProblemFacts): ErrorFields => ({
  status: 400,
  message: `This model's maximum context length is ${contextTokens} tokens. However, you requested ${promptTokens + maxTokens} tokens (${promptTokens} in the messages, ${maxTokens} in the completion). Please reduce the length of the messages or completion.`,
});
