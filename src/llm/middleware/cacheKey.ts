import { createHash } from 'node:crypto';
import { isRecord } from '../../record.js';
import type { ChatRequest } from '../chatModel.js';

/** Raised when what is sent for a request changes, so that the same request must be sent again. */
const KEY_VERSION = 1;

/** The facts that an answer depends on in addition to its request. Never a key, a timeout or a limit. */
export interface CacheScope {
  /** The address of the server, without credentials and query. */
  baseUrl: string;
  model: string;
  /** The way the answer's form is asked for, if the user set it. */
  structuredOutput?: string | undefined;
  /** Other parts that are sent and may shape answers: the extra body, the reasoning effort, headers that are not secrets. */
  more?: Record<string, unknown> | undefined;
}

/** Returns the hash of all that an answer depends on: every field of the request that shapes it, and the model that is asked. */
export function cacheKey(
  { stage: _stage, maxAnswers: _limit, ...shaping }: ChatRequest,
  { baseUrl, model, structuredOutput = 'auto', more }: CacheScope,
): string {
  const format = structuredOutput === 'auto' ? [] : [structuredOutput];
  const others = more === undefined || Object.keys(more).length === 0 ? [] : [more];
  const canonical = JSON.stringify([KEY_VERSION, baseUrl, model, shaping, ...format, ...others], (_name, value) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  return createHash('sha256').update(canonical).digest('base64url');
}
