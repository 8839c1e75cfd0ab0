import type { ChatRequest } from '../chatModel.js';

/**
 * Tokens that a prompt has at most, whatever the tokenizer. All of today's models split UTF-8 bytes, or characters with
 * single bytes to fall back on, so a text has no more tokens than bytes, as it is or in the NFC that some put it into. A
 * chat template adds a few tokens around a message, and a preamble of its own (Llama's dates, Qwen's system prompt, about
 * 70 for gpt-oss); 32 and 256 leave room. What else is sent, such as the schema of an answer, counts by its JSON, twice,
 * because servers spell it out in words of their own.
 */
export function promptBound({ messages, stage: _stage, ...parameters }: ChatRequest): number {
  let total = 256 + 2 * Buffer.byteLength(JSON.stringify(parameters));
  for (const { content } of messages) {
    const bytes = Buffer.byteLength(content);
    const isAscii = bytes === content.length;
    total += 32 + (isAscii ? bytes : Math.max(bytes, Buffer.byteLength(content.normalize('NFC'))));
  }
  return total;
}
