import { createHash } from 'node:crypto';
import type { ChatRequest } from '../llm/chatModel.js';
import type { RequestShape } from '../llm/remoteAttempts.js';

/** Returns the id of a call: a hash of all that shapes its answer. A coordinator that starts again finds the call by it. */
export function callId(model: string, request: ChatRequest, shape: RequestShape): string {
  const { stage: _stage, maxAnswers: _maxAnswers, ...sent } = request;
  // Not only digits: the engine numbers its own ids.
  return `c${createHash('sha256')
    .update(JSON.stringify([model, sent, shape]))
    .digest('hex')
    .slice(0, 32)}`;
}
