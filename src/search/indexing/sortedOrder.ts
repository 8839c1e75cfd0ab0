/** The units of a string that its key has, 7 bits each. */
const KEY_UNITS = 4;
/** A key and an index fill the 53 bits of a number. */
const INDEXES = 2 ** 25;
const MAX_UNIT = 127;

/**
 * Returns the indexes of distinct strings in the order of `<`. Numbers of their first units are sorted, which takes no comparison of
 * strings, and then those that have the same number.
 */
export function sortedOrder(strings: readonly string[]): Uint32Array {
  if (strings.length > INDEXES) return Uint32Array.from(strings.keys()).sort(byString(strings));
  const keys = new Float64Array(strings.length);
  for (let at = 0; at < strings.length; at++) keys[at] = prefixNumber(strings[at] as string) * INDEXES + at;
  keys.sort();
  const order = Uint32Array.from(keys, (key) => key % INDEXES);
  for (let from = 0; from < keys.length; ) {
    const end = (Math.floor((keys[from] as number) / INDEXES) + 1) * INDEXES;
    let to = from + 1;
    while (to < keys.length && (keys[to] as number) < end) to++;
    if (to - from > 1) order.subarray(from, to).sort(byString(strings));
    from = to;
  }
  return order;
}

/** The first units of a string as one number. Those from the first one beyond ASCII on count as the same. */
function prefixNumber(text: string): number {
  let key = 0;
  let isAscii = true;
  for (let at = 0; at < KEY_UNITS; at++) {
    const unit = at < text.length ? text.charCodeAt(at) : 0;
    isAscii &&= unit < MAX_UNIT;
    key = key * (MAX_UNIT + 1) + (isAscii ? unit : MAX_UNIT);
  }
  return key;
}

function byString(strings: readonly string[]): (a: number, b: number) => number {
  return (a, b) => ((strings[a] as string) < (strings[b] as string) ? -1 : 1);
}
