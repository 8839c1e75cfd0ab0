import { defaultKeys } from '../record.js';
import type { KeyFacts } from './keyStatistics.js';

/** The facts about an input. */
export interface InputFacts {
  records: number;
  /** Lines that cannot be read, and the most frequent reasons. */
  badLines: number;
  reasons: { reason: string; count: number }[];
  /** Values that are not objects. */
  notObjects: number;
  keys: KeyFacts[];
  /** Keys beyond those listed. */
  furtherKeys: number;
  /** The key or path of the text, undefined if none is likely; and its texts. */
  textKey: string | undefined;
  texts: {
    count: number;
    words: { median: number; p90: number; max: number };
    /** Texts of fewer than 20 words. */
    short: number;
    /** Texts that an earlier record has too. */
    duplicates: number;
    /** The number of texts in each language or script. */
    languages: Record<string, number>;
    analyzer: 'english' | 'multilingual';
  };
  /** The key of the ids, undefined if there is none; ids that an earlier record has too. */
  idKey: string | undefined;
  repeatedIds: number;
}

/** The keys that a command reads of an input, and the flags that it needs. */
export interface CommandAdvice {
  command: string;
  reads: string[];
  /** The records that have all of them, at most. */
  usable: number;
  flags: string[];
  remarks: string[];
}

/** Longer texts are better split. */
const LONG_WORDS = 1000;

/** Returns what each command would read of an input, and the flags to pass. Commands that could use no record are left out. */
export function commandAdvice(facts: InputFacts): CommandAdvice[] {
  const { textKey, idKey, texts, records } = facts;
  const present = (key: string) => facts.keys.find((one) => one.key === key)?.present ?? 0;
  const { question, scenario, hardNegatives, reasoning } = defaultKeys;
  const flags = textFlags(textKey);
  const text = textKey ?? defaultKeys.text;
  const ids = idKey === undefined ? ['no record has an id: documents are numbered from 0 (--id-key names a key)'] : [];
  const repeated = facts.repeatedIds === 0 ? [] : [`${facts.repeatedIds} records have the id of an earlier one`];
  const title =
    present('title') * 2 >= records && text !== 'title' ? ['--title-key title puts the title before the text'] : [];
  const group = present('parent') * 2 >= records ? ['--group-key parent keeps passages of one document together'] : [];
  const short = texts.short === 0 ? [] : [`${texts.short} texts have fewer than 20 words`];
  const copies = texts.duplicates === 0 ? [] : [`${texts.duplicates} texts are copies of earlier ones`];
  const long = texts.words.p90 > LONG_WORDS ? [`1 in 10 texts has over ${LONG_WORDS} words: rareflow split`] : [];
  const answered =
    present(question) === 0 ? [] : [`${present(question)} records have a question already: --keep-existing`];
  const need = (keys: string[]) => Math.min(texts.count, ...keys.map(present));
  const advice: CommandAdvice[] = [
    {
      ...{ command: 'index', reads: [text, idKey ?? defaultKeys.id], usable: texts.count, flags },
      remarks: [`analyzer ${texts.analyzer}`, ...ids, ...repeated, ...copies, ...title, ...group],
    },
    {
      ...{ command: 'run', reads: [text], usable: texts.count, flags },
      remarks: [...answered, ...short, ...long, ...title],
    },
    {
      command: 'doc2query',
      reads: [text],
      usable: texts.count - need([question]),
      flags,
      remarks: [...short, ...long],
    },
    {
      ...{ command: 'bm25-hard-neg', reads: [question, text], usable: need([question]), flags },
      remarks: present(hardNegatives) === 0 ? [] : ['some records have negatives already: --overwrite replaces them'],
    },
    {
      ...{ command: 'reason-distill', reads: [question, scenario, text, hardNegatives], flags, remarks: [] },
      usable: need([question, scenario, hardNegatives]),
    },
    {
      ...{ command: 'export', reads: [question, text, hardNegatives, reasoning], flags, remarks: [] },
      usable: need([question, hardNegatives]),
    },
  ];
  return advice.filter(({ usable }) => usable > 0);
}

/** Returns the flag that names the key of the text, if it is not found without. */
function textFlags(textKey: string | undefined): string[] {
  const isFound = textKey === undefined || /^(text|contents|content|passage|page_content)$/.test(textKey);
  if (isFound) return [];
  return [`--text-key ${/[^\w.-]/.test(textKey) ? `'${textKey}'` : textKey}`];
}
