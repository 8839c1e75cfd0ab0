import { isRecord, isText } from '../../record.js';
import { parseBoundedJson } from '../../util/boundedJson.js';
import { parseDelayMs } from '../limits/rateLimitHeaders.js';

/** A server's error, whatever form it was sent in. */
export interface ErrorBody {
  message: string;
  code?: string | undefined;
  type?: string | undefined;
  param?: string | undefined;
  /** An HTTP status inside the body, as gateways put in their 200s. */
  status?: number | undefined;
  /** The pause that Google asks for, as `details: [{ retryDelay: "43s" }]`. */
  retryAfterMs?: number | undefined;
  /** The model's answer, if Groq's own check found no JSON of the requested form. */
  failedGeneration?: string | undefined;
}

/** Removes the secrets from a text. */
export type Redact = (text: string) => string;

const MAX_MESSAGE_LENGTH = 500;

/** Parses the JSON of a body; undefined if it is not JSON, is nested too deep or holds too many values. */
export function parseJson(body: string): unknown {
  try {
    return parseBoundedJson(body);
  } catch {
    return undefined;
  }
}

export function isHtml(body: string): boolean {
  return /^\s*<(!doctype|html|head|body)/i.test(body);
}

/**
 * Reads an error body: OpenAI's `{error: {…}}`, `{error: "…"}`, old vLLM's flat `{object: "error", message}`, FastAPI's
 * `{detail}`, Google's list of one, a provider's error inside OpenRouter's, `{message}`, an HTML page (its title) or plain
 * text. Every text goes through `redact` before it is shortened: a key that was cut off would not be recognised.
 */
export function readErrorBody(body: string, redact: Redact): ErrorBody {
  const json = parseJson(body);
  const value = Array.isArray(json) ? json[0] : json;
  if (isRecord(value)) return readErrorObject(value, redact);
  if (isHtml(body)) {
    const title = /<title[^<>]*>([^<]*)<\/title>/i.exec(body)?.[1]?.trim();
    return { message: shortened(redact(`an HTML page${title ? ` (${title})` : ''}`)), type: 'html' };
  }
  return { message: shortened(redact(body.trim() || 'an empty body')) };
}

function readErrorObject(value: Record<string, unknown>, redact: Redact): ErrorBody {
  const { error, detail } = value;
  if (isRecord(error)) return readFields(error, error.message ?? error, redact);
  if (error !== undefined && value.message === undefined) return readFields(value, error, redact);
  return readFields(value, value.message ?? detail ?? value.msg ?? value, redact);
}

function readFields(fields: Record<string, unknown>, message: unknown, redact: Redact): ErrorBody {
  const text = (value: unknown) => (typeof value === 'string' ? redact(value) : undefined);
  const { code, type, param, status, metadata, details, failed_generation: failedGeneration } = fields;
  const number = [code, status].map(Number).find((n) => n >= 400 && n < 600);
  const own: ErrorBody = {
    message: shortened(redact(messageText(message))),
    code: text(code),
    type: text(type),
    param: text(param),
    status: number,
    retryAfterMs: retryDelayMs(details),
    failedGeneration: text(failedGeneration),
  };
  if (!isRecord(metadata) || typeof metadata.raw !== 'string') return own;
  const inner = readErrorBody(metadata.raw, redact);
  const kept = Object.entries(inner).filter(([, value]) => value !== undefined);
  return {
    ...own,
    ...Object.fromEntries(kept),
    message: shortened(`${own.message}: ${inner.message}`),
    status: own.status,
  };
}

function retryDelayMs(details: unknown): number | undefined {
  const found = Array.isArray(details)
    ? details.find((detail) => isRecord(detail) && isText(detail.retryDelay))
    : undefined;
  return found === undefined ? undefined : parseDelayMs(found.retryDelay, Date.now());
}

/** Writes FastAPI's list of `{loc, msg}` as `body.max_tokens: Input should be …`. */
function messageText(message: unknown): string {
  if (typeof message === 'string') return message;
  if (!Array.isArray(message)) return JSON.stringify(message);
  return message
    .map((item) => {
      if (!isRecord(item) || typeof item.msg !== 'string') return messageText(item);
      return Array.isArray(item.loc) ? `${item.loc.join('.')}: ${item.msg}` : item.msg;
    })
    .join('; ');
}

function shortened(message: string): string {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
}
