import type { DataRecord, Reject } from '../../record.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { type OptionsOf, type Resolved, valuesOf, withDefaults } from '../../util/options.js';
import { scriptLanguage } from '../../util/scriptLanguage.js';
import { type documentRules, filterDocumentsOptions } from './options.js';
import { repetitionIn } from './repetition.js';
import { SeenDocuments } from './seenDocuments.js';
import { WordHashes } from './wordHashes.js';

type DocumentFilterOptions = OptionsOf<typeof filterDocumentsOptions>;

/** Decides which documents are kept, in the order of the input. */
export class DocumentFilter {
  readonly #options: Resolved<typeof filterDocumentsOptions>;
  readonly #seen: SeenDocuments;

  constructor(options: DocumentFilterOptions) {
    this.#options = withDefaults(filterDocumentsOptions, valuesOf(filterDocumentsOptions, options));
    this.#seen = new SeenDocuments(this.#options);
  }

  /** Returns the reason to reject a record whose text is good; undefined for one to keep, which is remembered as `number`. */
  refuse(record: DataRecord, number: number): Pick<Reject, 'reason' | 'final'> | undefined {
    const { keep } = this.#options;
    const text = valueAt(record, documentKey(this.#options)) as string;
    const kept = keep?.(record) ?? true;
    if (kept !== true) return { reason: kept === false ? 'the function keep returned false' : kept };
    const reason = ruleBroken(text, this.#options);
    if (reason !== undefined) return { reason };
    const earlier = this.#seen.add(text, number);
    if (earlier === undefined) return undefined;
    const repeats = earlier.isSame
      ? 'it has the text'
      : `it shares ${Math.round(100 * earlier.share)} % of its shingles with that`;
    return { reason: `${repeats} of document ${earlier.number} of the input`, final: true };
  }
}

/** Returns the rule that a text breaks by itself, if there is one. */
export function ruleBroken(
  text: string,
  rules: Omit<Resolved<typeof documentRules>, 'duplicateShare' | 'compareWith'>,
): string | undefined {
  const { minWords, maxWords = Number.POSITIVE_INFINITY, languages, minLetterShare, repetition } = rules;
  const words = new WordHashes(text);
  if (words.count < minWords) return `it has ${words.count} words, fewer than ${minWords}`;
  if (words.count > maxWords) return `it has ${words.count} words, more than ${maxWords}`;
  const language = languages && scriptLanguage(text);
  if (language !== undefined && !languages?.includes(language)) return `its language is ${language}`;
  const letters = letterShare(text);
  if (letters < minLetterShare)
    return `${Math.round(100 * letters)} % of its characters are letters, less than ${100 * minLetterShare} %`;
  return repetition ? repetitionIn(text, words) : undefined;
}

const IS_LETTER = /[\p{L}\p{M}]/u;

/** Returns the share of letters among the characters of a text, spaces left out. */
function letterShare(text: string): number {
  let [letters, others] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20) continue;
    // A letter of ASCII becomes lower case by 0x20; others are rare enough for a regular expression.
    const isLetter = code < 0x80 ? (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a : isOtherLetter(text, at);
    if (isLetter) letters += 1;
    else others += 1;
    if (code >= 0xd800 && code < 0xdc00) at += 1;
  }
  return letters / Math.max(1, letters + others);
}

function isOtherLetter(text: string, at: number): boolean {
  return IS_LETTER.test(String.fromCodePoint(text.codePointAt(at) as number));
}
