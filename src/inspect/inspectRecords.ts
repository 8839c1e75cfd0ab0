import { isRecord, isText, type Reject } from '../record.js';
import { Distribution } from '../report/distribution.js';
import { hash32, SeenHashes } from '../report/duplicates.js';
import { FrequentKeys } from '../report/frequent.js';
import { detectAnalyzer } from '../search/analysis/detectAnalyzer.js';
import { likelyTextPath, otherNameOf, valueAt } from '../util/keyPath.js';
import { scriptLanguage } from '../util/scriptLanguage.js';
import { countWords } from '../util/words.js';
import { type CommandAdvice, commandAdvice, type InputFacts } from './commandAdvice.js';
import { KeyStatistics } from './keyStatistics.js';

/** Texts whose words decide the analyzer, as `index` does. */
const SAMPLED_TEXTS = 200;
const SAMPLED_CHARS = 2000;
/** ReasonIR's default filter drops shorter documents. */
export const SHORT_WORDS = 20;

/** The facts about an input, and what each command would read of it. */
export interface Inspection extends InputFacts {
  commands: CommandAdvice[];
}

export interface InspectOptions {
  /** The key of the text. Default: `text`, one of its other names, or the path to a likely text. */
  textKey?: string | undefined;
  /** The key of the id. Default: `id` or one of its other names. */
  idKey?: string | undefined;
}

/** Reads records to their end and collects what commands need to know of them, in bounded memory. */
export class RecordInspector {
  #records = 0;
  #badLines = 0;
  #notObjects = 0;
  #textKey: string | undefined;
  #idKey: string | undefined;
  #texts = 0;
  #short = 0;
  #duplicates = 0;
  #repeatedIds = 0;
  readonly #reasons = new FrequentKeys(64);
  readonly #keys = new KeyStatistics();
  readonly #words = new Distribution();
  readonly #languages: Record<string, number> = {};
  readonly #seenTexts = new SeenHashes();
  readonly #seenIds = new SeenHashes();
  readonly #sample: string[] = [];

  constructor({ textKey, idKey }: InspectOptions = {}) {
    this.#textKey = textKey;
    this.#idKey = idKey;
  }

  /** Counts a line that cannot be read. */
  reject({ reason }: Reject): void {
    this.#badLines++;
    this.#reasons.add(reason.replace(/\d+/g, '#'), () => reason);
  }

  add(record: unknown): void {
    this.#records++;
    if (!isRecord(record)) {
      this.#notObjects++;
      return;
    }
    this.#keys.add(record);
    this.#textKey ??=
      Object.hasOwn(record, 'text') && isText(record.text)
        ? 'text'
        : (otherNameOf(record, 'text') ?? likelyTextPath(record));
    this.#idKey ??= Object.hasOwn(record, 'id') ? 'id' : otherNameOf(record, 'id');
    const text = this.#textKey === undefined ? undefined : valueAt(record, this.#textKey);
    if (isText(text)) this.#addText(text);
    const id = this.#idKey === undefined ? undefined : valueAt(record, this.#idKey);
    if ((isText(id) || typeof id === 'number') && isSeen(this.#seenIds, String(id))) this.#repeatedIds++;
  }

  get inspection(): Inspection {
    const words = { median: this.#words.quantile(0.5), p90: this.#words.quantile(0.9), max: this.#words.max };
    const found: InputFacts = {
      records: this.#records,
      badLines: this.#badLines,
      reasons: this.#reasons.top(5).map(({ example, count }) => ({ reason: example, count })),
      notObjects: this.#notObjects,
      keys: this.#keys.facts,
      furtherKeys: this.#keys.untracked,
      textKey: this.#textKey,
      texts: {
        count: this.#texts,
        words: this.#texts === 0 ? { median: 0, p90: 0, max: 0 } : words,
        short: this.#short,
        duplicates: this.#duplicates,
        languages: { ...this.#languages },
        analyzer: detectAnalyzer(this.#sample),
      },
      idKey: this.#idKey,
      repeatedIds: this.#repeatedIds,
    };
    return { ...found, commands: commandAdvice(found) };
  }

  #addText(text: string): void {
    this.#texts++;
    const language = scriptLanguage(text);
    this.#languages[language] = (this.#languages[language] ?? 0) + 1;
    const words = countWords(text);
    this.#words.add(words);
    if (words < SHORT_WORDS) this.#short++;
    if (isSeen(this.#seenTexts, text)) this.#duplicates++;
    if (this.#sample.length < SAMPLED_TEXTS) this.#sample.push(text.slice(0, SAMPLED_CHARS));
  }
}

const isSeen = (seen: SeenHashes, text: string): boolean => seen.add(hash32(text, 1) || 1, hash32(text, 2));
