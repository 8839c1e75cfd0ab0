import { createHash } from 'node:crypto';
import type { ChatMessage } from '../../llm/chatModel.js';
import { LruCache } from '../../util/lru.js';

/** Hash of a record's content: of the first user message, which is the same in every call about the record. */
export function recordKey(messages: ChatMessage[]): string {
  const first = messages.find(({ role }) => role === 'user') ?? messages[0];
  return createHash('sha1')
    .update(first?.content ?? '')
    .digest('base64url');
}

/** Counts the calls about each record. Beyond `maxRecords` it forgets the record that it saw longest ago. */
export class RecordCounter {
  readonly #calls: LruCache<string, number>;

  constructor(maxRecords = 2 ** 18) {
    this.#calls = new LruCache({ maxWeight: maxRecords });
  }

  /** Returns which call about the record this is, from 1. */
  next(key: string): number {
    const callNumber = (this.#calls.get(key) ?? 0) + 1;
    this.#calls.set(key, callNumber);
    return callNumber;
  }
}
