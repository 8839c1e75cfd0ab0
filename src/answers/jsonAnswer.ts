import * as z from 'zod';
import type { AnswerSchema } from '../llm/chatModel.js';
import { isRecord } from '../record.js';
import { decodeString } from './escapes.js';
import { type JsonRepair, readJsonAt } from './lenientJson.js';

/** The work that an answer took to read: none, finding the JSON in prose, a fence or a wrapper, or reading JSON with faults. */
export type HowParsed = 'none' | 'fence' | 'repair';

export type JsonAnswer<T> =
  /** `repairs`: the faults of the JSON, if it had any. */
  { ok: true; value: T; parsed: HowParsed; repairs?: JsonRepair[] } | { ok: false; reason: string };

/** Makes the form of an answer for `ChatRequest.schema`. Make its objects with `z.strictObject` and without optional keys. */
export function answerSchema(name: string, form: z.ZodType): AnswerSchema {
  const { $schema, ...schema } = z.toJSONSchema(form);
  return { name, schema };
}

export interface JsonAnswerOptions {
  /** Returns the values inside one that does not fit, which may fit; by default all of them. */
  inside?: ((value: unknown) => unknown[]) | undefined;
  /** Matches the keys of an answer. One of them in an object that was cut off makes what is before it a draft. */
  keys?: RegExp | undefined;
}

/** The most values of an answer that are tried, the last first: a model writes a few. */
const MAX_VALUES_READ = 100;
/** The most values inside others that are tried. */
const MAX_INNER_VALUES = 200;
const MAX_INNER_LEVELS = 4;
/** The work for a text of n characters is MIN_BUDGET + BUDGET_FACTOR · n characters looked at. */
const MIN_BUDGET = 1e4;
const BUDGET_FACTOR = 4;

/**
 * Reads JSON out of a model's answer: of all JSON in it, the last that fits the schema, or that is inside one that does not
 * (in a wrapper, a list, or a string that holds JSON). JSON with faults is read if it is certain what was meant; its strings are
 * always pieces of the answer. A string that was cut off is never closed to make it pass, and a draft before an answer that
 * was cut off is not taken for the answer.
 */
export function parseJsonAnswer<T>(
  answer: string,
  schema: z.ZodType<T>,
  options: JsonAnswerOptions = {},
): JsonAnswer<T> {
  const { inside = childrenOf, keys } = options;
  const { found, cutOffAt } = jsonIn(answer);
  let misfit: string | undefined;
  for (const { value, from, end, repairs } of found.slice(-MAX_VALUES_READ).reverse()) {
    for (const { inner, depth } of innerValues(value, inside)) {
      const checked = schema.safeParse(inner);
      if (!checked.success) {
        const issue = checked.error.issues[0];
        misfit ??= [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ');
        continue;
      }
      if (cutOffAt !== undefined && keys?.test(answer.slice(Math.max(cutOffAt, end)))) {
        return { ok: false, reason: 'its last JSON object was cut off' };
      }
      const isWhole = depth === 0 && answer.slice(0, from).trim() === '' && answer.slice(end).trim() === '';
      if (repairs.length > 0) return { ok: true, value: checked.data, parsed: 'repair', repairs };
      return { ok: true, value: checked.data, parsed: isWhole ? 'none' : 'fence' };
    }
  }
  const unescaped = misfit === undefined ? withoutOneEscaping(answer) : undefined;
  if (unescaped !== undefined) {
    const read = parseJsonAnswer(unescaped, schema, options);
    if (read.ok) return { ...read, parsed: 'repair', repairs: [...(read.repairs ?? []), 'backslashes'] };
  }
  if (misfit !== undefined) return { ok: false, reason: `its JSON does not fit: ${misfit}` };
  const isBegun = /\{[^{}]*\}/.test(answer.slice(0, MAX_SEARCHED));
  return { ok: false, reason: isBegun ? 'its JSON object cannot be read' : 'it holds no complete JSON object' };
}

const MAX_SEARCHED = 100_000;

interface FoundJson {
  value: unknown;
  from: number;
  end: number;
  repairs: JsonRepair[];
}

/** Returns the JSON objects, lists and, if it is all of the text, the string in a text, in order, and where one was cut off. */
function jsonIn(text: string): { found: FoundJson[]; cutOffAt: number | undefined } {
  const budget = { left: MIN_BUDGET + BUDGET_FACTOR * text.length };
  const found: FoundJson[] = [];
  let cutOffAt: number | undefined;
  STARTS.lastIndex = 0;
  for (let match = STARTS.exec(text); match !== null && budget.left > 0; match = STARTS.exec(text)) {
    const from = match.index;
    const strict = readJsonAt(text, from, { strict: true, budget });
    const read = strict.ok ? strict : readJsonAt(text, from, { strict: false, budget });
    if (read.ok) {
      found.push({ ...read, from });
      STARTS.lastIndex = read.end;
    } else {
      if (read.isCutOff) cutOffAt ??= from;
      STARTS.lastIndex = from + 1;
    }
  }
  return { found, cutOffAt };
}

/** A brace or bracket before what a key, a value or its own closing bracket can begin with; a string that begins the text. */
const STARTS = new RegExp(
  [
    '\\{(?=[\\s*]*(?:["\'`“”‘「『＂/#]|[A-Za-z_][\\w-]{0,80}\\s*[:：]))',
    '\\[(?=[\\s*]*["\'`“”‘「『＂{[])',
    '^\\s*"(?=\\s*\\\\?[{[])',
    '"(?=\\s{0,9}\\\\?[{[])(?<=```(?:json)?\\s{0,9}")',
  ].join('|'),
  'g',
);

interface InnerValue {
  inner: unknown;
  depth: number;
}

/** Yields a value and those inside it, outer ones first; strings that hold JSON count as what they hold. */
function* innerValues(value: unknown, inside: (value: unknown) => unknown[]): Generator<InnerValue> {
  let level = [value];
  let tried = 0;
  for (let depth = 0; depth <= MAX_INNER_LEVELS && level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const one of level) {
      const inner = typeof one === 'string' ? jsonInString(one) : one;
      if (inner === undefined) continue;
      tried += 1;
      if (tried > MAX_INNER_VALUES) return;
      yield { inner, depth: typeof one === 'string' ? depth + 1 : depth };
      for (const child of inside(inner)) {
        if (typeof child === 'string' ? /^\s*[{[]/.test(child) : typeof child === 'object' && child !== null)
          next.push(child);
      }
    }
    level = next;
  }
}

export function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isRecord(value) ? Object.values(value) : [];
}

/** Returns the JSON that a string holds; undefined if it is not JSON alone. */
export function jsonInString(text: string): unknown {
  const from = text.search(/\S/);
  if (from === -1 || !/[{[]/.test(text.charAt(from))) return undefined;
  const budget = { left: MIN_BUDGET + BUDGET_FACTOR * text.length };
  const strict = readJsonAt(text, from, { strict: true, budget });
  const read = strict.ok ? strict : readJsonAt(text, from, { strict: false, budget });
  return read.ok && text.slice(read.end).trim() === '' ? read.value : undefined;
}

/** Returns an answer that is escaped like the inside of a string, `{\"question\": …}`, without that; undefined for others. */
function withoutOneEscaping(answer: string): string | undefined {
  const from = answer.search(/\{\s*(?:\\n\s*)?\\"/);
  if (from === -1) return undefined;
  const end = answer.lastIndexOf('}') + 1;
  return end <= from ? undefined : decodeString(answer.slice(from, end)).text;
}
