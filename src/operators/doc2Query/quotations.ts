import { HARD_QUERY } from '../../record.js';

/** The most characters of a question that are looked for: a search takes time in proportion to them, if all are alike. */
const MAX_COMPARED = 1000;

/** Returns true for a question whose words, and those of its scenario, are in a document. */
export type IsQuoted = (query: { question: string; scenario?: string | undefined }) => boolean;

/**
 * Returns a function that tells if a query was copied from a document; undefined for a document that holds no key of an
 * answer, as an order to answer with an object of its own does.
 */
export function quotationsIn(document: string): IsQuoted | undefined {
  if (!holdsKey(document)) return undefined;
  const shown = formsOf(document);
  const isShown = (text: string) =>
    formsOf(text).some((form) => shown.some((it) => it.includes(form.slice(0, MAX_COMPARED))));
  return ({ question, scenario = '' }) => isShown(question) && isShown(scenario);
}

const ANSWER_KEYS = /["'“*](?:hard[ _-]?quer(?:y|ies)|questions?)["'”*]/i;

function holdsKey(document: string): boolean {
  return document.includes(HARD_QUERY) || ANSWER_KEYS.test(document);
}

/** Returns a text as it is, with the escapes of JSON resolved, and without them: a copy may have more or fewer of them. */
function formsOf(text: string): string[] {
  const resolved = text.replace(/\\(?:u([0-9a-f]{4})|.)/gi, (_, code?: string) =>
    code === undefined ? ' ' : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return [text, resolved, text.replace(/\\+./g, ' ')].map(bare);
}

/** Returns the letters and digits of a text: a copy may differ in all else. */
function bare(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .toLowerCase();
}
