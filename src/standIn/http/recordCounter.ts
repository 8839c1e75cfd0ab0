import { createHash } from 'node:crypto';
import type { ChatMessage } from '../../llm/chatModel.js';

/** Hash of a record's content: of the first thing that the user said, which is the same whenever the record is asked about. */
export function recordKey(messages: ChatMessage[]): string {
  const first = messages.find(({ role }) => role === 'user') ?? messages[0];
  return createHash('sha1')
    .update(first?.content ?? '')
    .digest('base64url');
}

/** Counts the calls about each record. Of more than `mostRecords` the one asked about longest ago is forgotten. */
export class RecordCounter {
  readonly #calls = new Map<string, number>();

  constructor(private readonly mostRecords = 2 ** 18) {}

  /** Which call about the record this is, from 1. */
  next(key: string): number {
    const callNumber = (this.#calls.get(key) ?? 0) + 1;
    this.#calls.delete(key);
    this.#calls.set(key, callNumber);
    if (this.#calls.size > this.mostRecords) this.#calls.delete(this.#calls.keys().next().value as string);
    return callNumber;
  }
}
