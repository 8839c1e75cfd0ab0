/** The language that the offline writer answers in. */
export type Script = 'latin' | 'cjk';

/** How much of a long text is looked at: the start is enough for words to ask about. */
const lookedAt = 4096;

/** Chinese where one of the first characters in eight is CJK. */
export function scriptOf(text: string): Script {
  const end = Math.min(text.length, 512);
  let cjk = 0;
  for (let i = 0; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x3040 && unit <= 0x9fff) cjk += 1;
  }
  return cjk * 8 > end ? 'cjk' : 'latin';
}

const longLatin = /[a-zA-ZÀ-ɏ]{5,}/g;
const anyWord = /[\p{L}\p{N}]+/gu;
const cjkWord = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]{2,4}/gu;
/** Words that say nothing of a subject, and those by which a question would name what it was made from. */
const empty = new Set(
  `about above across after again against along among another around because become becomes before being below between
  cannot could during either every first further given however often other rather shall should since still their them
  there therefore these they those though through under until usually which while whose within without would
  document documents passage passages text texts article articles paragraph paragraphs 文档 文章 本文 段落`.split(
    /\s+/,
  ),
);
const longestWord = 40;

/** Up to `count` words of a text, the most frequent first, then the longest; for a text without words its first signs. */
export function keyWords(text: string, script: Script, count: number): string[] {
  const start = text.length > lookedAt ? text.slice(0, lookedAt) : text;
  for (const pattern of script === 'cjk' ? [cjkWord, anyWord] : [longLatin, anyWord]) {
    const times = new Map<string, number>();
    for (const word of start.match(pattern) ?? []) {
      if (word.length <= longestWord && !empty.has(word.toLowerCase())) times.set(word, (times.get(word) ?? 0) + 1);
    }
    if (times.size < Math.min(2, count) && pattern !== anyWord) continue;
    if (times.size === 0) break;
    const ranked = [...times].sort(([a, timesA], [b, timesB]) => timesB - timesA || b.length - a.length);
    return ranked.slice(0, count).map(([word]) => word);
  }
  const signs = [...text.slice(0, 64).trim()].slice(0, 4).join('');
  return [signs === '' ? (script === 'cjk' ? '此事' : 'this matter') : signs];
}

/** The sentences of a text's start, or its first 200 characters where it has none. */
export function sentences(text: string): string[] {
  const found = text.slice(0, lookedAt).match(/[^.!?。！？\n]+[.!?。！？]?/g) ?? [];
  const whole = found.map((sentence) => sentence.trim()).filter((sentence) => sentence !== '');
  return whole.length > 0 ? whole : [text.slice(0, 200).trim()];
}

/** The words of a text, or for CJK its single characters, in lower case. */
export function wordSet(text: string, script: Script): Set<string> {
  const start = text.slice(0, lookedAt).toLowerCase();
  return new Set(start.match(script === 'cjk' ? /\p{L}/gu : anyWord) ?? []);
}

/** The item that shares most with the words; the first of equals. */
export function mostAlike(items: string[], words: Set<string>, script: Script): string {
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
