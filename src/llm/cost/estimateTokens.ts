import type { ChatMessage } from '../chatModel.js';

/**
 * Tokens of a text, without a tokenizer: 4 characters a token for Latin script, 2 for other alphabets, 1 for CJK and for
 * each half of a surrogate pair. Right within about a third for prose; code and numbers are denser.
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

/** Tokens of a prompt: its texts and about 4 a message for the roles. */
export function estimatePromptTokens(messages: ChatMessage[]): number {
  let total = 0;
  for (const { content } of messages) total += estimateTokens(content) + 4;
  return total;
}
