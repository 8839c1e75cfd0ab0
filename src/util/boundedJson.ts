/** JSON.stringify and our own functions that call themselves fail at a few thousand levels; readers in Python at a thousand. */
export const MAX_NESTING = 1000;
/** The most values that text from a stranger may hold. 16 MiB of `[]` would take 500 MB of memory. */
export const MAX_VALUES = 2 ** 20;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [LEFT_BRACKET, RIGHT_BRACKET, LEFT_BRACE, RIGHT_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Parses JSON that a stranger wrote.
 *
 * @throws SyntaxError for text that is not JSON, RangeError for one that is nested too deep or holds too many values
 */
export function parseBoundedJson(text: string): unknown {
  if (valuesIn(text) > MAX_VALUES) {
    throw new RangeError(`JSON of more than ${MAX_NESTING} levels or ${MAX_VALUES} values`);
  }
  return JSON.parse(text);
}

/** Returns an upper bound of the number of values in some JSON; Infinity if it is nested too deep. */
export function valuesIn(text: string): number {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if (code === COMMA) {
      values += 1;
    } else if (code === LEFT_BRACKET || code === LEFT_BRACE) {
      values += 1;
      depth += 1;
      if (depth > MAX_NESTING) return Number.POSITIVE_INFINITY;
    } else if (code === RIGHT_BRACKET || code === RIGHT_BRACE) {
      depth -= 1;
    }
  }
  return values;
}

/** Returns the index of the quote that closes a string, or the length of the text. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    // A quote after an odd number of backslashes is a part of the string. None of them is before its start, which is a quote.
    if ((at - before) % 2 === 0) return at;
  }
  return text.length;
}
