import type { Fault } from './attemptError.js';
import { tlsProblem } from './tlsProblem.js';

/** A connection that was lost, or never made. */
export interface ConnectionFault {
  fault: Extract<Fault, 'connect' | 'tls' | 'reset' | 'timeout'>;
  code: string;
  message: string;
  /** False if nothing was sent, so nothing can have been billed. */
  billingUnknown: boolean;
}

const NEVER_CONNECTED = /^(UND_ERR_CONNECT_TIMEOUT|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const TIMED_OUT = /^UND_ERR_(BODY|HEADERS)_TIMEOUT$/;
const LOST = /^(UND_ERR_\w+|ECONN\w+|ETIMEDOUT|EPIPE|ENETDOWN|ERR_STREAM_PREMATURE_CLOSE)$/;
/** A TLS handshake fails before the request is sent. */
const HANDSHAKE = /^ERR_SSL_/;
const HANDSHAKE_MESSAGE = /before secure TLS connection was established/;

/** Returns what an error of a network call means; undefined for an error of another kind. */
export function connectionFault(error: unknown): ConnectionFault | undefined {
  const { code = '', message = '' } = innermost(error) as { code?: string; message?: string };
  const found = (fault: ConnectionFault['fault'], billingUnknown: boolean): ConnectionFault => {
    return { fault, code, message: message || code, billingUnknown };
  };
  if (tlsProblem(code) !== undefined) return found('tls', false);
  if (NEVER_CONNECTED.test(code) || HANDSHAKE.test(code) || HANDSHAKE_MESSAGE.test(message))
    return found('connect', false);
  if (TIMED_OUT.test(code)) return found('timeout', true);
  return LOST.test(code) ? found('reset', true) : undefined;
}

/** Returns the innermost cause; of an AggregateError (every address of a host failed), that of its first error. */
export function innermost(error: unknown): object {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  if (error instanceof Error) return error.cause instanceof Error ? innermost(error.cause) : error;
  return {};
}
