import { ModelError, RejectError } from '../errors.js';
import type { ChatRequest, Completion } from '../llm/chatModel.js';
import { AttemptError, type AttemptErrorOptions, type Fault } from '../llm/failures/attemptError.js';
import type { RequestShape } from '../llm/remoteAttempts.js';
import { isRecord } from '../record.js';

/** A call as it lies in the queue: no key and no address is in it. */
export interface QueuedCall {
  request: ChatRequest;
  shape: RequestShape;
  /** The time that the worker gives the attempt. It is not in the call's id: the answer is the same. */
  attemptTimeoutMs: number;
  /** The life of the Redis server in which it was queued. */
  redisLife: string;
}

/** The end of a call at a worker. */
export type Reply = (
  | { completion: Completion }
  /** A failed attempt, for the coordinator's retries. */
  | { failure: AttemptErrorOptions & { fault: Fault } }
  | { reject: { message: string; hint?: string | undefined; answer?: string | undefined } }
  /** The call may be made elsewhere at once: it was not sent, or the server refused it and billed nothing. */
  | { returned: 'not-sent' | 'refused' }
  /** Redis has been started again since: another worker may have made this call before. */
  | { returned: 'unknown' }
) & {
  /** Requests that only found out what the server refuses. */
  probes?: number;
};

/** Returns the reply for a failed attempt that the gate does not hand back. */
export function replyOf(error: unknown): Reply {
  if (error instanceof AttemptError) {
    const { fault, host, status, serverMessage, code, type, param, retryAfterMs, shouldRetry, inBody, isPage } = error;
    const { usage, billingUnknown, answer, adapted, credential, cap, highestCap } = error;
    return {
      failure: {
        ...{ fault, host, status, serverMessage, code, type, param, retryAfterMs, shouldRetry, inBody, isPage },
        ...{ usage, billingUnknown, answer, adapted, credential, cap, highestCap },
      },
    };
  }
  if (error instanceof RejectError) {
    return { reject: { message: error.message, hint: error.hint, answer: error.answer } };
  }
  if (error instanceof ModelError) return { returned: 'not-sent' };
  throw error;
}

/** Reads a reply, which the engine gives parsed or as text; undefined if it is none. */
export function readReply(value: unknown): Reply | undefined {
  try {
    const read = typeof value === 'string' ? JSON.parse(value) : value;
    const known = ['completion', 'failure', 'reject', 'returned'];
    return isRecord(read) && known.some((key) => key in read) ? (read as Reply) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the completion of a reply, or throws its failure. A call that was returned is none of both. */
export function answerOf(reply: Exclude<Reply, { returned: string }>): Completion {
  if ('completion' in reply) return reply.completion;
  if ('failure' in reply) throw new AttemptError(reply.failure.fault, reply.failure);
  const { message, ...options } = reply.reject;
  throw new RejectError(message, options);
}
