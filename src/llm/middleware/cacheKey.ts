import { createHash } from 'node:crypto';
import { isRecord } from '../../record.js';
import type { ChatRequest } from '../chatModel.js';

/** Raised when the same request would have to be asked again: when what is sent for it changes. */
const KEY_VERSION = 1;

/** What an answer depends on besides its request. Never a key, a timeout or a limit. */
export interface AskedOf {
  /** Without credentials and query. */
  baseUrl: string;
  model: string;
  /** How the answer's form is asked for, where that was told. */
  structuredOutput?: string | undefined;
}

/** The hash of all that an answer depends on: every field of the request that shapes it, and whom it is asked of. */
export function cacheKey(
  { stage: _stage, maxAnswers: _limit, ...asked }: ChatRequest,
  { baseUrl, model, structuredOutput = 'auto' }: AskedOf,
): string {
  const told = structuredOutput === 'auto' ? [] : [structuredOutput];
  const canonical = JSON.stringify([KEY_VERSION, baseUrl, model, asked, ...told], (_name, value) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  return createHash('sha256').update(canonical).digest('base64url');
}
