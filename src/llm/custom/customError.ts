import { ModelError, RejectError, UsageError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { AttemptError } from '../failures/attemptError.js';
import { connectionFault } from '../failures/connectionFault.js';
import { retryAfterMs } from '../limits/rateLimitHeaders.js';

/**
 * Returns the error that a custom model's error stands for:
 * - RejectError, ModelError and UsageError stay as they are: this record is rejected, or the run stops;
 * - an HTTP status (`status` or `statusCode`), with `code`, `type`, `param` and `headers` if there are any, is judged as that
 *   of a server: 429 and 5xx are retried, a refused key stops the run, an invalid request rejects the record;
 * - a network error (`ECONNRESET`, `UND_ERR_SOCKET`, … as the code of the error or of one of its causes) and a timeout are retried;
 * - any other error stops the run, since it is a mistake in the model's code.
 */
export function customError(error: unknown, model: string): Error {
  if (error instanceof AttemptError || error instanceof RejectError) return error;
  if (error instanceof ModelError || error instanceof UsageError) return error;
  const { status, statusCode = status, name, message } = (error ?? {}) as ForeignHttpError;
  if (Number.isInteger(statusCode)) return statusFailure(error as ForeignHttpError, Number(statusCode), model);
  const lost = connectionFault(error);
  if (lost !== undefined) {
    const { fault, code, message: serverMessage, billingUnknown } = lost;
    return new AttemptError(fault, { host: model, serverMessage, code, billingUnknown, cause: error });
  }
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new AttemptError('timeout', { host: model, serverMessage: message, billingUnknown: true, cause: error });
  }
  return new ModelError(`the model ${model} threw ${error instanceof Error ? error : JSON.stringify(error)}`, {
    cause: error,
    hint: 'throw a RejectError if only this request cannot be answered, or an error with a status or code if it may be retried',
  });
}

/** The fields that errors of HTTP clients have: those of openai and axios, and of the AI SDK (`statusCode`, `responseHeaders`). */
interface ForeignHttpError {
  name?: string;
  message?: string;
  status?: unknown;
  statusCode?: unknown;
  code?: unknown;
  type?: unknown;
  param?: unknown;
  headers?: unknown;
  responseHeaders?: unknown;
}

function statusFailure(error: ForeignHttpError, status: number, model: string): AttemptError {
  const { message, headers, responseHeaders = headers } = error;
  const header = headerReader(responseHeaders);
  const shouldRetry = header('x-should-retry');
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return new AttemptError('status', {
    host: model,
    status,
    serverMessage: message,
    code: text(error.code),
    type: text(error.type),
    param: text(error.param),
    retryAfterMs: retryAfterMs(header, Date.now()),
    shouldRetry: shouldRetry === undefined ? undefined : shouldRetry === 'true',
    credential: 'its key',
    cause: error,
  });
}

function headerReader(headers: unknown): (name: string) => string | undefined {
  if (headers instanceof Headers) return (name) => headers.get(name) ?? undefined;
  if (!isRecord(headers)) return () => undefined;
  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => (lowerCase[name] === undefined ? undefined : String(lowerCase[name]));
}
