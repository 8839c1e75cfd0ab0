import { isRecord, isText } from '../../record.js';
import { parseBoundedJson } from '../../util/boundedJson.js';
import { parseDelayMs, retryAfterMs } from '../limits/rateLimitHeaders.js';

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
const MAX_PAGE_LENGTH = 20_000;
const MAX_PAGE_WORDS = 24;
/** The statuses that MiniMax's codes in a 200 stand for. */
const minimaxStatuses: Record<number, number> = {
  ...{ 1000: 500, 1001: 504, 1002: 429, 1004: 401, 1008: 402, 1013: 500, 1024: 500, 1033: 500, 1039: 429 },
  ...{ 1041: 429, 2045: 429, 2049: 401, 2056: 402 },
};

/** Parses the JSON of a body; undefined if it is not JSON, is nested too deep or holds too many values. */
export function parseJson(body: string): unknown {
  try {
    return parseBoundedJson(body);
  } catch {
    return undefined;
  }
}

/** Returns true for a page of HTML or XHTML. */
export function isHtml(body: string): boolean {
  return /^\s*(?:<\?xml\b[^>]{0,200}>\s*)?<(!doctype html|html|head|body)/i.test(body);
}

/**
 * Reads an error body: OpenAI's `{error: {…}}`, `{error: "…"}`, old vLLM's flat `{object: "error", message}`, FastAPI's
 * `{detail}`, Google's list of one, a provider's error inside OpenRouter's, MiniMax's `{base_resp}`, `{message}`, an HTML
 * page (its title, else its first words) or plain text. Every text goes through `redact` before it is shortened: a key that was cut off would not be recognised.
 */
export function readErrorBody(body: string, redact: Redact): ErrorBody {
  const json = parseJson(body);
  const value = Array.isArray(json) ? json[0] : json;
  if (isRecord(value)) return readErrorObject(value, redact);
  if (isHtml(body)) {
    const words = pageWords(body);
    return { message: shortened(redact(`an HTML page${words === '' ? '' : ` (${words})`}`)), type: 'html' };
  }
  return { message: shortened(redact(body.trim() || 'an empty body')) };
}

/** Returns the title of an HTML page, or its first words if it has none. */
function pageWords(page: string): string {
  const title = /<title[^<>]*>([^<]*)<\/title>/i.exec(page)?.[1]?.trim();
  if (title) return title;
  const text = page
    .slice(0, MAX_PAGE_LENGTH)
    .split(/<(?:script|style)\b/i)
    .map((part, index) => (index === 0 ? part : (part.split(/<\/(?:script|style)/i)[1] ?? '').replace(/^[^>]*>/, '')))
    .join(' ')
    .split('<')
    .map((part, index) => (index === 0 ? part : part.slice(part.indexOf('>') + 1)))
    .join(' ');
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.length > MAX_PAGE_WORDS ? `${words.slice(0, MAX_PAGE_WORDS).join(' ')} …` : words.join(' ');
}

function readErrorObject(value: Record<string, unknown>, redact: Redact): ErrorBody {
  const { error, detail, base_resp: minimax } = value;
  if (isRecord(minimax) && error === undefined) {
    const status = minimaxStatuses[Number(minimax.status_code)] ?? 400;
    return { ...readFields({ code: String(minimax.status_code) }, minimax.status_msg ?? minimax, redact), status };
  }
  if (isRecord(error)) return readFields(error, error.message ?? error, redact);
  if (error !== undefined && value.message === undefined) return readFields(value, error, redact);
  return readFields(value, value.message ?? detail ?? value.msg ?? value, redact);
}

function readFields(fields: Record<string, unknown>, message: unknown, redact: Redact): ErrorBody {
  const text = (value: unknown) => (typeof value === 'string' ? redact(value) : undefined);
  const { code, type, param, status, metadata, details, failed_generation: failedGeneration } = fields;
  const number = [code, status].map(Number).find((n) => n >= 400 && n < 600);
  const quotas = quotaIds(details);
  const own: ErrorBody = {
    message: shortened(redact(messageText(message) + (quotas === '' ? '' : ` (${quotas})`))),
    code: text(code),
    type: text(type),
    param: text(param),
    status: number,
    retryAfterMs: retryDelayMs(details) ?? delayInMetadata(metadata),
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

/** Returns the ids of the limits that Google names as used up. */
function quotaIds(details: unknown): string {
  const lists = Array.isArray(details)
    ? details.map((detail) => (isRecord(detail) ? detail.violations : undefined))
    : [];
  return lists
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .flatMap((violation) => (isRecord(violation) && isText(violation.quotaId) ? [violation.quotaId] : []))
    .join(', ');
}

/** Returns the pause that OpenRouter asks for by headers that are quoted in the body. */
function delayInMetadata(metadata: unknown): number | undefined {
  const headers = isRecord(metadata) ? metadata.headers : undefined;
  if (!isRecord(headers)) return undefined;
  const byName = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  return retryAfterMs((name) => byName[name], Date.now());
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
