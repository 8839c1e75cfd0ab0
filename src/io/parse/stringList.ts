/** Columns that hold a list of texts, which a table can only hold as the text of the list. */
const LIST_COLUMNS = /^(pos|neg|positives?|negatives?|hard_?neg(ative)?s?|questions|.*_(negatives|positives))$/i;

/** Returns true for the name of a column that holds lists. */
export const isListColumn = (name: string): boolean => LIST_COLUMNS.test(name);

const ITEM = /\s*(?:'((?:\\[\s\S]|[^'\\])*)'|"((?:\\[\s\S]|[^"\\])*)")\s*(,|\]\s*$)/y;

/** Reads a list of texts as JSON or Python writes it: `["a", "b"]`, `['a', "it's"]`. Returns undefined for anything else. */
export function parseStringList(text: string): string[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('[') || !trimmed.endsWith(']')) return undefined;
  try {
    const list: unknown = JSON.parse(trimmed);
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
  } catch {
    return parsePythonList(trimmed);
  }
}

function parsePythonList(text: string): string[] | undefined {
  const items: string[] = [];
  ITEM.lastIndex = 1;
  for (let match = ITEM.exec(text); match !== null; match = ITEM.exec(text)) {
    const [, single, double = '', end] = match;
    items.push(unescaped(single ?? double));
    if (end !== ',') return items;
  }
  return undefined;
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\n': '' };

/** Replaces the escapes of a Python string. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g,
    (all, x, u, long, other) => {
      const code = Number.parseInt(x ?? u ?? long ?? '', 16);
      if (!Number.isNaN(code)) return code <= 0x10ffff ? String.fromCodePoint(code) : all;
      return ESCAPES[other] ?? (/['"\\]/.test(other) ? other : all);
    },
  );
}
