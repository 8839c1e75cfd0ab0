import { createHash } from 'node:crypto';
import { isRecord } from '../../../record.js';
import { AttemptError } from '../../failures/attemptError.js';
import { parseJson, readErrorBody } from '../errorBody.js';
import { type AnswerSource, readUsage } from '../readCompletion.js';
import type { ChatCompletionBody } from '../requestBody.js';

/** The outcome of one request of a batch: the body of its 200, or its failure. */
export type BatchOutcome = { id: string; body: unknown } | { id: string; failure: AttemptError };

/** Returns the id of a request, the same in every process: it leads an answer to its caller. */
export function requestId(host: string, body: ChatCompletionBody, sample = 0): string {
  return createHash('sha256')
    .update(JSON.stringify([host, body, sample]))
    .digest('base64url');
}

export function requestLine(id: string, body: ChatCompletionBody): string {
  return `${JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body })}\n`;
}

/** Reads a line of an output or error file; undefined for a line of another form. */
export function readOutcome(line: string, { host, redact }: AnswerSource): BatchOutcome | undefined {
  const value = parseJson(line);
  if (!isRecord(value) || typeof value.custom_id !== 'string') return undefined;
  const { custom_id: id, response, error } = value;
  const status = isRecord(response) && typeof response.status_code === 'number' ? response.status_code : undefined;
  const body = isRecord(response) ? response.body : undefined;
  if (status !== undefined && status >= 200 && status < 300) return { id, body };
  const { message: serverMessage, ...details } = readErrorBody(
    JSON.stringify(status === undefined ? { error } : (body ?? { error })),
    redact,
  );
  const usage = isRecord(body) ? readUsage(body.usage) : undefined;
  // Without a status the request never ran (batch_expired, batch_cancelled): it is sent again.
  return { id, failure: new AttemptError('status', { host, ...details, serverMessage, status: status ?? 503, usage }) };
}
