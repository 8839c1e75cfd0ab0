// The grammar of UTS #51 (emoji_sequence) as Lucene 8's StandardTokenizer has it. Every alternative is written so that the
// first match of the regular expression is also the longest one.
const EXTEND = '(?![\\u200b\\ufe0e\\ufe0f])[\\p{Grapheme_Extend}\\p{Mc}\\p{Cf}]';
// Emoji 11 counted more symbols as pictographic than later versions do: the chess pieces, the playing cards, …
const PICTOGRAPHIC =
  '\\p{Extended_Pictographic}\\u2388\\u2605\\u2607-\\u2612\\u2616-\\u2685\\u2690-\\u2704\\u270e-\\u2711\\u2765-\\u2767' +
  '\\u{1f000}-\\u{1f0f5}\\u{1f10d}-\\u{1f10f}\\u{1f12f}\\u{1f16c}-\\u{1f16f}\\u{1f1ad}\\u{1f260}-\\u{1f4fe}\\u{1f546}-\\u{1f5f9}' +
  '\\u{1f6c6}-\\u{1f6f2}\\u{1f774}-\\u{1f77f}\\u{1f7d5}-\\u{1f7d9}\\u{1f8b0}-\\u{1f8d8}\\u{1fa00}-\\u{1fbff}';
const CHAR = `(?![0-9#*\\p{Regional_Indicator}\\p{Emoji_Modifier}])[\\p{Emoji}${PICTOGRAPHIC}]`;
const MODIFIED = `(?:\\u200d*\\p{Emoji_Modifier_Base}(?:${EXTEND})*)?\\p{Emoji_Modifier}(?:${EXTEND})*`;
const ELEMENT = `(?:${MODIFIED}|\\u200d*${CHAR}(?:${EXTEND})*\\ufe0f?)`;
const TAGS = '[\\u{E0020}-\\u{E007E}]+\\u{E007F}';
const SEQUENCE = `${ELEMENT}(?:${TAGS}|(?:(?:(?<=\\u200d)|\\u200d)${ELEMENT})*)`;
const KEYCAP = `[0-9#*](?:${EXTEND})*\\ufe0f?\\u20e3(?:${EXTEND})*`;
const FLAG_HALF = '\\p{Regional_Indicator}(?:(?!\\u200b)[\\p{Grapheme_Extend}\\p{Mc}\\p{Cf}])*';
const EMOJI = new RegExp(`${KEYCAP}|${FLAG_HALF}${FLAG_HALF}|${SEQUENCE}`, 'uy');

const FIRST = new RegExp(`[\\p{Emoji}\\u200d${PICTOGRAPHIC}]`, 'u');

/** Whether an emoji sequence may begin with this character: those of keycaps (0-9, #, *) and the joiner among them. */
export function mayBeginEmoji(char: string): boolean {
  return FIRST.test(char);
}

/** How many UTF-16 units of `text` the emoji sequence at its start takes; 0 where there is none. */
export function emojiLength(text: string): number {
  EMOJI.lastIndex = 0;
  return EMOJI.test(text) ? EMOJI.lastIndex : 0;
}
