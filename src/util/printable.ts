/** Characters that a terminal acts on: C0 and C1 controls, line and paragraph separators, and marks of text direction. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const UNSAFE_RUN = new RegExp(`(?:${UNSAFE.source})+`, 'gu');
/** Either a style of our own messages (bold, dim, red, green, yellow and their ends; not hidden text) or such a character. */
const COLOR_OR_UNSAFE = new RegExp(`\\x1b\\[(?:1|2|22|31|32|33|39)m|${UNSAFE.source}`, 'gu');

/** Returns a text as one line that a terminal only shows; a server's message or a record may contain any character. */
export const printableLine = (text: string): string => text.replace(UNSAFE_RUN, ' ');

/** Returns a message without the characters that a terminal acts on; line breaks, tabs and colours are kept. */
export const printable = (text: string): string =>
  text.replace(COLOR_OR_UNSAFE, (found) => (found.length > 1 || found === '\n' || found === '\t' ? found : ''));

/** Returns JSON with the same value, in which no character acts on a terminal. Line breaks between values are kept. */
export const printableJson = (json: string): string =>
  json.replace(UNSAFE, (found) => (found === '\n' ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`));
