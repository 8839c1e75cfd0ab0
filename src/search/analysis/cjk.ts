import type { Analyzer } from './analyzer.js';
import { BigramWriter, isCjkWord } from './bigrams.js';
import { lowerCase } from './lowerCase.js';
import { StandardTokenizer } from './standardTokenizer.js';
import { cjkStopWords } from './stopWords.js';
import { CharClass as C, charClass } from './wordBreak.js';

/**
 * Lucene's CJKAnalyzer, token for token: words of UAX #29 in lower case and of one width, with runs of Han, Hiragana, Katakana
 * and Hangul as overlapping pairs of characters (a character alone as itself).
 */
export class CjkAnalyzer implements Analyzer {
  readonly name = 'cjk';

  tokens(text: string): string[] {
    const made = new BigramWriter();
    const words = new StandardTokenizer(text);
    while (words.next()) {
      const word = words.word;
      const term = lowerCase(foldWidth(word));
      if (isCjkWord(word) && !isIterationMark(word)) made.run(term, words.start, words.end);
      else made.word(term);
    }
    return made.finish().filter((term) => !cjkStopWords.has(term));
  }
}

/** True for 々 and similar marks, which are letters to StandardTokenizer, not ideographs. */
function isIterationMark(word: string): boolean {
  const both = C.single | C.letter;
  return (charClass(word.codePointAt(0) as number) & both) === both;
}

const OTHER_WIDTH = /[\uff01-\uff5e\uff65-\uff9f]/;

/**
 * Lucene's CJKWidthFilter: full-width ASCII becomes ASCII, and half-width Katakana becomes full-width, with its voiced and half-voiced
 * marks joined to the letters before them.
 */
function foldWidth(word: string): string {
  if (!OTHER_WIDTH.test(word)) return word;
  let folded = '';
  for (const unit of word.split('')) {
    const code = unit.charCodeAt(0);
    if (code >= 0xff01 && code <= 0xff5e) folded += String.fromCharCode(code - 0xfee0);
    else if (code >= 0xff65 && code <= 0xff9f) folded = withKana(folded, unit.normalize('NFKC'));
    else folded += unit;
  }
  return folded;
}

function withKana(before: string, kana: string): string {
  const last = before.slice(-1);
  if ((kana === '\u3099' || kana === '\u309a') && last >= '\u30a6' && last <= '\u30fd') {
    const joined = `${last}${kana}`.normalize('NFC');
    if (joined.length === 1) return before.slice(0, -1) + joined;
  }
  return before + kana;
}
