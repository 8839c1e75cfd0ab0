/** @import { Entry } from '../entry.js' */
/** @import { Filters, RecordRow } from '../viewData.js' */

/**
 * Returns true if a record matches the filters. Its texts must hold the words in the same order, in any case.
 *
 * @param {Entry} entry
 * @param {Filters} filters
 */
export function matches(entry, { words, warning, state, language }) {
  if (warning !== '' && !entry.warnings.some((one) => one === warning)) return false;
  if (state !== '' && entry.state !== state) return false;
  if (language !== '' && entry.language !== language) return false;
  if (words === '') return true;
  const wanted = words.toLowerCase();
  return textsOf(entry).some((text) => text?.toLowerCase().includes(wanted));
}

/** @param {Entry} entry */
function textsOf({ id, title, text, question, scenario, reasoning, negatives, rejected }) {
  const others = negatives.flatMap((negative) => [negative.id, negative.text]);
  return [id, title, question, scenario, text, reasoning, rejected?.reason, rejected?.answer, ...others];
}

/**
 * Returns the row of a record in the list.
 *
 * @param {Entry} entry
 * @returns {RecordRow}
 */
export function rowOf({ number, id, question, title, text, rejected, warnings }) {
  const words = rejected?.reason ?? question ?? title ?? text ?? '(no text)';
  return { number, id, words: words.slice(0, 300), warnings, rejected: rejected !== undefined };
}
