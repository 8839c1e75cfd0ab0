import type { ChatMessage } from '../../llm/chatModel.js';
import { estimatePromptTokens, estimateTokens } from '../../llm/cost/estimateTokens.js';

/** A prompt as the model reads it. */
export interface ReadPrompt {
  messages: ChatMessage[];
  tokens: number;
}

/**
 * Returns a prompt as a server reads it that cuts it to `limit` tokens in silence, as Ollama does at num_ctx: the beginning of
 * its longest message is missing.
 */
export function cutPrompt(messages: ChatMessage[], limit = Number.POSITIVE_INFINITY): ReadPrompt {
  const tokens = estimatePromptTokens(messages);
  if (tokens <= limit) return { messages, tokens };
  const longest = messages.reduce((a, b) => (b.content.length > a.content.length ? b : a));
  const share = Math.max(0, 1 - (tokens - limit) / Math.max(1, estimateTokens(longest.content)));
  const content = longest.content.slice(Math.ceil(longest.content.length * (1 - share)));
  return { messages: messages.map((one) => (one === longest ? { ...one, content } : one)), tokens: limit };
}
