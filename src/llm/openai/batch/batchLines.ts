import { createHash } from 'node:crypto';
import { isRecord } from '../../../record.js';
import { AttemptError } from '../../failures/attemptError.js';
import { parseJson, readErrorBody } from '../errorBody.js';
import { type Answerer, readUsage } from '../readCompletion.js';
import type { ChatBody } from '../serverCapabilities.js';

/** What became of one request of a batch. */
export type BatchOutcome =
  /** The body of its 200. */
  { id: string; body: unknown } | { id: string; failure: AttemptError };

/** The name of a request, the same in every process: by it an answer finds the one who asks. */
export function requestId(host: string, body: ChatBody, sample = 0): string {
  return createHash('sha256')
    .update(JSON.stringify([host, body, sample]))
    .digest('base64url');
}

export function requestLine(id: string, body: ChatBody): string {
  return `${JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body })}\n`;
}

/** Reads a line of an output or error file; undefined for what is none. */
export function readOutcome(line: string, { host, redact }: Answerer): BatchOutcome | undefined {
  const value = parseJson(line);
  if (!isRecord(value) || typeof value.custom_id !== 'string') return undefined;
  const { custom_id: id, response, error } = value;
  const status = isRecord(response) && typeof response.status_code === 'number' ? response.status_code : undefined;
  const body = isRecord(response) ? response.body : undefined;
  if (status !== undefined && status >= 200 && status < 300) return { id, body };
  const { words, ...told } = readErrorBody(
    JSON.stringify(status === undefined ? { error } : (body ?? { error })),
    redact,
  );
  const usage = isRecord(body) ? readUsage(body.usage) : undefined;
  // Without a status the request never ran (batch_expired, batch_cancelled): it is sent again.
  return { id, failure: new AttemptError('status', { host, ...told, words, status: status ?? 503, usage }) };
}
