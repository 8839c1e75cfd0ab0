/** The script that decides the language of an offline answer. */
export type Script = 'latin' | 'cjk';

/** The characters of a long text that are read: its start has enough words to ask about. */
const MAX_READ_LENGTH = 4096;

/** Returns `cjk` if more than one in eight of the first characters is CJK. */
export function scriptOf(text: string): Script {
  const end = Math.min(text.length, 512);
  let cjk = 0;
  for (let i = 0; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x3040 && unit <= 0x9fff) cjk += 1;
  }
  return cjk * 8 > end ? 'cjk' : 'latin';
}

const LONG_LATIN_WORD = /[a-zA-ZÀ-ɏ]{5,}/g;
const ANY_WORD = /[\p{L}\p{N}]+/gu;
const CJK_WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]{2,4}/gu;
/** Words that say nothing about a subject, and those by which a question would name its source. */
const uninformativeWords = new Set(
  `about above across after again against along among another around because become becomes before being below between
  cannot could during either every first further given however often other rather shall should since still their them
  there therefore these they those though through under until usually which while whose within without would
  document documents passage passages text texts article articles paragraph paragraphs 文档 文章 本文 段落`.split(
    /\s+/,
  ),
);
const MAX_WORD_LENGTH = 40;

/** Returns up to `count` words of a text, the most frequent first, then the longest; for a text without words its first characters. */
export function frequentWords(text: string, script: Script, count: number): string[] {
  const start = text.length > MAX_READ_LENGTH ? text.slice(0, MAX_READ_LENGTH) : text;
  for (const pattern of script === 'cjk' ? [CJK_WORD, ANY_WORD] : [LONG_LATIN_WORD, ANY_WORD]) {
    const times = new Map<string, number>();
    for (const word of start.match(pattern) ?? []) {
      if (word.length <= MAX_WORD_LENGTH && !uninformativeWords.has(word.toLowerCase()))
        times.set(word, (times.get(word) ?? 0) + 1);
    }
    if (times.size < Math.min(2, count) && pattern !== ANY_WORD) continue;
    if (times.size === 0) break;
    const ranked = [...times].sort(([a, timesA], [b, timesB]) => timesB - timesA || b.length - a.length);
    return ranked.slice(0, count).map(([word]) => word);
  }
  const characters = [...text.slice(0, 64).trim()].slice(0, 4).join('');
  return [characters === '' ? (script === 'cjk' ? '此事' : 'this matter') : characters];
}

/** Returns the sentences of a text's start, or its first 200 characters if it has none. */
export function sentences(text: string): string[] {
  const found = text.slice(0, MAX_READ_LENGTH).match(/[^.!?。！？\n]+[.!?。！？]?/g) ?? [];
  const whole = found.map((sentence) => sentence.trim()).filter((sentence) => sentence !== '');
  return whole.length > 0 ? whole : [text.slice(0, 200).trim()];
}

/** Returns the words of a text, or for CJK its single characters, in lower case. */
export function wordSet(text: string, script: Script): Set<string> {
  const start = text.slice(0, MAX_READ_LENGTH).toLowerCase();
  return new Set(start.match(script === 'cjk' ? /\p{L}/gu : ANY_WORD) ?? []);
}

/** Returns the item that shares the most words; the first of equals. */
export function mostSimilar(items: string[], words: Set<string>, script: Script): string {
  let best = items[0] ?? '';
  let most = -1;
  for (const item of items) {
    let shared = 0;
    for (const word of wordSet(item, script)) if (words.has(word)) shared += 1;
    if (shared > most) {
      most = shared;
      best = item;
    }
  }
  return best;
}
