/** Longer lines are not examined. */
const MAX_EXAMINED_CHARS = 1024 * 1024;

const STRING = '"(?:\\\\.|[^"\\\\])*"';
const NOT_A_NUMBER = new RegExp(`${STRING}|\\bNaN\\b|-?\\bInfinity\\b`, 'g');
const COMMA_BEFORE_END = new RegExp(`${STRING}|,(?=\\s*[}\\]])`, 'g');
const BARE_KEY = new RegExp(`${STRING}|(?<=[{,]\\s*)[A-Za-z_$][\\w$]*(?=\\s*:)`, 'g');
const PYTHON_WORD = new RegExp(`${STRING}|\\b(?:None|True|False)\\b`, 'g');

const PYTHON_FIX =
  'python3 -c "import ast,json,sys; [print(json.dumps(ast.literal_eval(line))) for line in sys.stdin]" < FILE > FIXED.jsonl';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Replaces what a pattern matches outside of strings. */
const replaced = (line: string, pattern: RegExp, by: (match: string) => string): string =>
  line.replace(pattern, (match) => (match.startsWith('"') ? match : by(match)));

/** A usual slip: `found` is true for a line that has it, `advice` is how to fix it. */
interface Slip {
  found: (line: string) => boolean;
  advice: string;
}

const slips: Slip[] = [
  {
    found: (line) => line.startsWith('version https://git-lfs'),
    advice: 'this is a pointer of Git LFS, not the file: run git lfs pull',
  },
  { found: (line) => /^<(!doctype|html|\?xml)/i.test(line), advice: 'this is a page of HTML or XML, not JSON Lines' },
  {
    found: (line) => line.endsWith(',') && isJson(line.slice(0, -1)),
    advice: "a comma after the record: remove it (sed 's/,$//')",
  },
  {
    found: (line) => isJson(replaced(line, NOT_A_NUMBER, () => 'null')),
    advice: 'NaN and Infinity are not JSON: write null',
  },
  {
    found: (line) => isJson(replaced(line, COMMA_BEFORE_END, () => '')),
    advice: 'a comma before the closing bracket: remove it',
  },
  {
    found: (line) => /^[{[]\s*'/.test(line) || isJson(replaced(line, PYTHON_WORD, () => 'null')),
    advice: `Python's form, with single quotes or None, is not JSON: write it with json.dumps, or convert the file: ${PYTHON_FIX}`,
  },
  {
    found: (line) => isJson(replaced(line, BARE_KEY, (key) => `"${key}"`)),
    advice: 'keys must be in double quotes',
  },
  { found: hasTwoRecords, advice: 'several records on one line: write each on its own line (jq -c . FILE)' },
  {
    found: (line) => /^(\{|\{\s*"(\\.|[^"\\])*"\s*:.*,)$/.test(line),
    advice: 'a record over several lines? Write each record on one line (jq -c . FILE)',
  },
  {
    found: (line) => /^"?[A-Za-z_]\w*"?([,;\t]"?[A-Za-z_]\w*"?)+$/.test(line),
    advice: 'a table with a header? Name it .csv or .tsv, or pass --input-format csv (tsv)',
  },
];

/** Returns how to fix a line that is not JSON if it has one of the usual slips: `NaN and Infinity are not JSON: write null`. */
export function adviceFor(line: string): string | undefined {
  if (line.length > MAX_EXAMINED_CHARS) return undefined;
  const trimmed = line.trim();
  return slips.find(({ found }) => found(trimmed))?.advice;
}

/** Returns true for a line that is a JSON object and a further one. */
function hasTwoRecords(line: string): boolean {
  const end = endOfValue(line);
  return end !== undefined && isJson(line.slice(0, end)) && /^[,\s]*[{[]/.test(line.slice(end));
}

/** Returns the end of the object or list that a text starts with; undefined if it is not closed. */
export function endOfValue(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(new RegExp(`${STRING}|[{}[\\]]`, 'g'))) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    if (depth === 0) return index + token.length;
  }
  return undefined;
}
