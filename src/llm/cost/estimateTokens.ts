import type { ChatMessage, ChatRequest, Usage } from '../chatModel.js';

/**
 * Estimates the tokens of a text without a tokenizer: 4 characters a token for Latin script, 2 for other alphabets, 1 for
 * CJK and for each half of a surrogate pair. Right within about a third for prose; code and numbers are denser.
 */
export function estimateTokens(text: string): number {
  if (Buffer.byteLength(text) === text.length) return Math.ceil(text.length / 4);
  let quarters = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    quarters += unit < 0x370 ? 1 : unit < 0x2e80 ? 2 : 4;
  }
  return Math.ceil(quarters / 4);
}

/** Estimates the tokens of a prompt: its texts and about 4 a message for the roles. */
export function estimatePromptTokens(messages: ChatMessage[]): number {
  let total = 0;
  for (const { content } of messages) total += estimateTokens(content) + 4;
  return total;
}

/** Estimates the usage of an answer, for a server that reports none. */
export function estimateUsage({ messages }: ChatRequest, answer: string): Usage {
  return {
    promptTokens: estimatePromptTokens(messages),
    completionTokens: estimateTokens(answer),
    estimated: true,
  };
}

/**
 * Returns the most tokens that a prompt can have, whatever the tokenizer. All of today's models split UTF-8 bytes, or
 * characters with single bytes as a fallback, so a text has no more tokens than bytes, as it is or in the NFC that some
 * convert it to. A chat template adds a few tokens around a message, and a preamble (Llama's dates, Qwen's system prompt,
 * about 70 tokens for gpt-oss); 32 and 256 leave room. What else is sent, such as the schema of an answer, counts by its
 * JSON, twice, because servers may spell it out.
 */
export function maxPromptTokens({ messages, stage: _stage, ...parameters }: ChatRequest): number {
  let total = 256 + 2 * Buffer.byteLength(JSON.stringify(parameters));
  for (const { content } of messages) {
    const bytes = Buffer.byteLength(content);
    const isAscii = bytes === content.length;
    total += 32 + (isAscii ? bytes : Math.max(bytes, Buffer.byteLength(content.normalize('NFC'))));
  }
  return total;
}
