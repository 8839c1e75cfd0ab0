import * as z from 'zod';
import { untilToken } from '../../answers/endOfTurn.js';
import { childrenOf, type HowParsed, jsonInString, parseJsonAnswer } from '../../answers/jsonAnswer.js';
import type { JsonRepair } from '../../answers/lenientJson.js';
import { isRecord } from '../../record.js';
import { type IsQuoted, quotationsIn } from './quotations.js';

/** A question about a document. A plain list of questions has no scenarios. */
export interface HardQuery {
  question: string;
  scenario?: string | undefined;
}

export type Doc2QueryAnswer =
  /** `cut`: the mark of a chat template that was removed from the end of a text. */
  | { ok: true; queries: HardQuery[]; parsed: HowParsed; repairs?: JsonRepair[]; cut?: string }
  | { ok: false; reason: string };

/**
 * Reads `{"hard_query": {…}}`, `{"hard_query": [{…}, …]}` or `{"questions": […]}` out of an answer to a document; also the queries
 * without the object around them, with keys in another case, and any of these as a string. Of several, the last counts, as
 * drafts come first; one that the model copied from the document does not.
 */
export function parseDoc2Query(answer: string, document = ''): Doc2QueryAnswer {
  const read = parseJsonAnswer(answer, formFor(quotationsIn(document)), { inside: partsOf, keys: ANSWER_KEY });
  if (!read.ok) return read;
  const { value, parsed, repairs } = read;
  const cut = value.find((query) => query.cut !== undefined)?.cut;
  const queries = value.map(({ question, scenario }) =>
    scenario === undefined ? { question } : { question, scenario },
  );
  return { ok: true, queries, parsed, ...(repairs && { repairs }), ...(cut !== undefined && { cut }) };
}

const ANSWER_KEY = /["'“‘*]?(?:hard[_ ]?quer(?:y|ies)|questions?|scenario)["'”’*]*\s*[:：]/i;

/** A query, and the mark that was removed from one of its texts. */
type ReadQuery = HardQuery & { cut?: string | undefined };

/** `hardQuery`, `Hard Query` and `HARD_QUERY` are `hardquery`. */
function bareKeys(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.replace(/[\s_*-]+/g, '').toLowerCase(), inner]),
  );
}

const QUERY_KEYS = ['hardquery', 'hardqueries'];

function queriesOf(value: Record<string, unknown>): unknown {
  const bare = bareKeys(value);
  const asked = QUERY_KEYS.map((key) => bare[key]).find((one) => one !== undefined);
  // `{"hard_query": "Why …?", "scenario": "…"}`
  if (typeof asked === 'string' && jsonInString(asked) === undefined && bare.scenario !== undefined) {
    return { question: asked, scenario: bare.scenario };
  }
  return asked;
}

/** Returns the parts of an object that may hold the answer. Its other parts are drafts, if it has a key for the answer. */
function partsOf(value: unknown): unknown[] {
  if (!isRecord(value)) return childrenOf(value);
  const bare = bareKeys(value);
  const asked = queriesOf(value) ?? bare.questions;
  if (asked !== undefined) return [asked].flat();
  return 'question' in bare ? [] : childrenOf(value);
}

const ECHOED_PLACEHOLDER =
  /^[\s<[({"'*]*(?:the |your |a |an |insert |write )*(?:hard |demanding )?(?:questions?|scenarios?|query|string|text|问题|情境|场景)(?: text| goes)?(?: here)?[\s>\])}"'*.…]*$/i;

/** A text with words in it: not one that was echoed from the form asked for. */
const textWithWords = z
  .string()
  .transform((text) => untilToken(text.trim()))
  .refine(({ text }) => /[\p{L}\p{N}]/u.test(text), 'it holds no words')
  .refine(({ text }) => !ECHOED_PLACEHOLDER.test(text), 'it is a placeholder');

const hardQuery = z
  .preprocess(
    (value) => (isRecord(value) ? bareKeys(value) : value),
    z.object({ question: textWithWords, scenario: textWithWords }),
  )
  .transform(
    ({ question, scenario }): ReadQuery => ({
      question: question.text,
      scenario: scenario.text,
      cut: question.cut ?? scenario.cut,
    }),
  );
const plainQuestion = textWithWords.transform(({ text, cut }): ReadQuery => ({ question: text, cut }));

/** Any form of an answer. Of a list, the good items are kept, each question once; a quoted one is not the model's own. */
const answerForm = (isQuoted: IsQuoted = () => false) =>
  z.unknown().transform((value, context): ReadQuery[] => {
    const issue = (message: string, path: PropertyKey[] = []) => {
      context.addIssue({ code: 'custom', path: path as (string | number)[], message });
      return z.NEVER;
    };
    const items = itemsOf(value);
    if (items === undefined) return issue('it has no key hard_query');
    const read = items.map((item) => (typeof item === 'string' ? plainQuestion : hardQuery).safeParse(item));
    const whole = read.flatMap(({ data }) => (data === undefined ? [] : [data]));
    const good = new Map(whole.filter((query) => !isQuoted(query)).map((query) => [query.question, query]));
    if (good.size > 0) return [...good.values()];
    if (whole.length > 0) return issue('it is copied from the document');
    const first = read.find(({ error }) => error !== undefined)?.error?.issues[0];
    return issue(first?.message ?? 'the list is empty', first?.path);
  });

const anyAnswer = answerForm();
/** Few documents hold anything that could be quoted; a form takes longer to make than to use. */
const formFor = (isQuoted: IsQuoted | undefined) => (isQuoted === undefined ? anyAnswer : answerForm(isQuoted));

/** Returns the queries that a value should hold; undefined if it is of no form that an answer has. */
function itemsOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value))
    return value.some((item) => isRecord(item) && 'question' in bareKeys(item)) ? value.map(unpacked) : undefined;
  if (!isRecord(value)) return undefined;
  const asked = queriesOf(value);
  if (asked !== undefined) return [unpacked(asked)].flat().map((item) => (typeof item === 'string' ? {} : item));
  const { questions, question } = bareKeys(value);
  if (Array.isArray(questions)) return questions.map(unpacked);
  return question === undefined ? undefined : [value];
}

/** Returns what a string of JSON holds, and other values as they are. */
function unpacked(value: unknown): unknown {
  return typeof value === 'string' ? (jsonInString(value) ?? value) : value;
}
