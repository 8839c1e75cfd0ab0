const OTHER_WIDTH = /[\uff01-\uff5e\uff65-\uff9f]/;

/**
 * Lucene's CJKWidthFilter: full-width ASCII becomes ASCII and half-width Katakana full-width, with its voiced and half-voiced
 * marks joined to the letters before them.
 */
export function foldWidth(word: string): string {
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
