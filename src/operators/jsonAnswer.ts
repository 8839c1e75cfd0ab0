import { jsonrepair } from 'jsonrepair';
import { z } from 'zod';
import type { AnswerSchema } from '../llm/chatModel.js';
import { parseBoundedJson } from '../util/boundedJson.js';

/** The work that an answer took to read: none, finding the JSON in prose or a fence, or repairing it. */
export type HowParsed = 'none' | 'fence' | 'repair';

export type JsonAnswer<T> = { ok: true; value: T; parsed: HowParsed } | { ok: false; reason: string };

/** Makes the form of an answer for `ChatRequest.schema`. Make its objects with `z.strictObject` and without optional keys. */
export function answerSchema(name: string, form: z.ZodType): AnswerSchema {
  const { $schema, ...schema } = z.toJSONSchema(form);
  return { name, schema };
}

/** The most objects of an answer that are tried, the last first: a model writes a few. */
const MAX_OBJECTS = 100;
/** The most characters that are repaired: jsonrepair takes quadratic time, about 0.2 s for as many quotation marks. */
const MAX_REPAIRED_LENGTH = 2 ** 15;

/**
 * Reads a JSON object out of a model's answer: the whole answer, else the last balanced object in its prose or fences that
 * fits the schema (or that is inside one that does not), else the same after repair (trailing commas, single quotes, raw
 * newlines in strings, …). A string that was cut off is never closed to make it pass.
 */
export function parseJsonAnswer<T>(answer: string, schema: z.ZodType<T>): JsonAnswer<T> {
  const outer = balancedObjects(answer).slice(-MAX_OBJECTS).reverse();
  const inner = outer.flatMap((object) => balancedObjects(object.slice(1)).slice(-MAX_OBJECTS).reverse());
  let misfit: string | undefined;
  const tries: [HowParsed, string[], (text: string) => unknown][] = [
    ['none', [answer.trim()], parseBoundedJson],
    ['fence', [...outer, ...inner], parseBoundedJson],
    ['repair', repairable([...outer, ...inner]), (text) => parseBoundedJson(jsonrepair(text))],
  ];
  for (const [parsed, texts, read] of tries) {
    for (const text of texts) {
      const value = attempt(() => read(text));
      if (value === undefined) continue;
      const checked = schema.safeParse(value);
      if (checked.success) return { ok: true, value: checked.data, parsed };
      const issue = checked.error.issues[0];
      misfit ??= [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ');
    }
  }
  if (misfit !== undefined) return { ok: false, reason: `its JSON does not fit: ${misfit}` };
  return {
    ok: false,
    reason: outer.length === 0 ? 'it holds no complete JSON object' : 'its JSON object cannot be read',
  };
}

/** Returns the objects that a repair can make whole, in their order, up to a length in all. */
function repairable(objects: string[]): string[] {
  let length = 0;
  return objects.filter((object) => {
    if (length + object.length > MAX_REPAIRED_LENGTH || !endsInValue(object)) return false;
    length += object.length;
    return true;
  });
}

/** Returns true if the last value of an object is whole: a repair would close a string in other quotes that was cut off. */
function endsInValue(object: string): boolean {
  let end = object.length;
  while (end > 0 && /[\s},\]]/.test(object.charAt(end - 1))) end -= 1;
  // A comment in the last line of the value, which ends before more brackets: `"q": "a" // why\n}`.
  const newline = object.indexOf('\n', end);
  if (newline !== -1 && newline < object.length - 1) {
    const comment = object.slice(object.lastIndexOf('\n', end - 1) + 1, end).indexOf('//');
    if (comment !== -1) end = object.lastIndexOf('\n', end - 1) + 1 + comment;
  }
  return /(?:["'`\u2019\u201d[{\d]|true|false|null|none)$/i.test(object.slice(0, end).trimEnd().slice(-5));
}

/**
 * Returns the outermost `{…}` of a text whose braces balance, in order. Braces inside double-quoted strings do not count. A
 * brace that is never closed is skipped, so that prose such as "a set {1, 2" hides nothing after it; each takes a scan of
 * the whole rest, so only `maxUnclosed` are skipped.
 */
export function balancedObjects(text: string, { maxUnclosed = 100 } = {}): string[] {
  const found: string[] = [];
  let unclosed = 0;
  for (let start = text.indexOf('{'); start !== -1 && unclosed <= maxUnclosed; ) {
    const end = closingBrace(text, start);
    if (end === undefined) unclosed += 1;
    else found.push(text.slice(start, end + 1));
    start = text.indexOf('{', (end ?? start) + 1);
  }
  return found;
}

const [QUOTE, BACKSLASH, OPENING, CLOSING] = [0x22, 0x5c, 0x7b, 0x7d];

function closingBrace(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) inString = !inString;
    else if (inString && code === BACKSLASH) at += 1;
    else if (!inString && code === OPENING) depth += 1;
    else if (!inString && code === CLOSING && --depth === 0) return at;
  }
  return undefined;
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
