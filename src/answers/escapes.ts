/** A text that was read out of a string of JSON, and whether a backslash in it was taken as written. */
export interface DecodedString {
  text: string;
  /** True if a backslash was read as itself where JSON has another meaning for it, or none. */
  isRepaired: boolean;
  /** True if a control character is what is left of a command of LaTeX that somebody decoded before: which, is uncertain. */
  isDamaged: boolean;
}

/**
 * Decodes the inside of a string of JSON that a model wrote. Models forget to double backslashes: `"\frac"` is JSON for a form
 * feed and `rac`, `"\sigma"` and `"C:\Users"` are not JSON. So a backslash counts as written if
 * - JSON gives it no meaning (`\s`, `\d`, `\U`), or its meaning is a control character that no text holds (`\b`, `\f`);
 * - it begins a command of LaTeX (`\nabla`, `\times`, `\right`);
 * - it is in a path of Windows (`C:\temp\new_files`).
 *
 * The text holds no lone surrogate, and no control character other than tab and line feed.
 */
export function decodeString(raw: string): DecodedString {
  if (!NEEDS_WORK.test(raw)) return { text: raw, isRepaired: false, isDamaged: false };
  const asWritten = pathSpans(raw);
  let text = '';
  let isRepaired = false;
  for (let at = 0; at < raw.length; ) {
    const backslash = raw.indexOf('\\', at);
    if (backslash === -1 || backslash === raw.length - 1) {
      text += raw.slice(at);
      break;
    }
    text += raw.slice(at, backslash);
    const { value, length } = escapeAt(raw, backslash, asWritten);
    if (value === undefined) isRepaired = true;
    text += value ?? raw.slice(backslash, backslash + length);
    at = backslash + length;
  }
  const clean = withoutControls(text);
  return { text: clean, isRepaired: isRepaired || clean !== text, isDamaged: LEFT_OF_COMMAND.test(text) };
}

/** A backslash, a control character or a surrogate. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NEEDS_WORK = /[\\\u0000-\u001f\ud800-\udfff]/;

const simpleEscapes: Record<string, string> = { '/': '/', '"': '"', "'": "'", '`': '`', '“': '“', '”': '”', '’': '’' };

/** Returns the characters that an escape stands for, undefined if it stands for itself, and its length. */
function escapeAt(raw: string, at: number, asWritten: Span[]): { value: string | undefined; length: number } {
  const letter = raw.charAt(at + 1);
  if (letter === '\\') {
    const isKept = isLineBreak(raw, at) || asWritten.some(([from]) => from === at);
    return { value: isKept ? undefined : '\\', length: 2 };
  }
  const simple = simpleEscapes[letter];
  if (simple !== undefined) return { value: simple, length: 2 };
  if (letter === 'u') {
    const hex = /^[0-9a-fA-F]{4}/.exec(raw.slice(at + 2, at + 6))?.[0];
    return hex === undefined || isInPath(asWritten, at)
      ? { value: undefined, length: 2 }
      : { value: String.fromCharCode(Number.parseInt(hex, 16)), length: 6 };
  }
  if (!'nrt'.includes(letter) || isInPath(asWritten, at) || beginsCommand(raw, at)) {
    return { value: undefined, length: 2 };
  }
  if (letter === 't') return { value: '\t', length: 2 };
  if (letter === 'n') return { value: '\n', length: 2 };
  if (raw.startsWith('\\n', at + 2) && !beginsCommand(raw, at + 2)) return { value: '\n', length: 4 };
  // A carriage return alone is meant by nobody.
  return /[A-Za-z]/.test(raw.charAt(at + 2)) ? { value: undefined, length: 2 } : { value: '\n', length: 2 };
}

/** Commands of LaTeX that begin with `\n`, `\r` or `\t`. */
const latexCommands = new Set(
  `nabla natural ncong ne nearrow neg neq newcommand newline newpage nexists ngeq ngeqslant ngtr ni nicefrac nleftarrow nLeftarrow
  nleftrightarrow nleq nleqslant nless nmid node noindent nolimits nonumber norm normalfont normalsize not notag notin nparallel
  nprec npreceq nrightarrow nRightarrow nshortmid nsim nsubseteq nsucc nsucceq nsupseteq ntriangleleft ntriangleright nu num
  nvdash nvDash nwarrow
  rVert rvert raggedright raisebox rangle ratio rbrace rbrack rceil ref relax renewcommand rfloor rgroup rho right rightarrow
  rightarrowtail rightharpoonup rightharpoondown rightleftharpoons rightleftarrows rightsquigarrow risingdotseq rm rmoustache
  rtimes rule
  tabular tag tan tanh tau tbinom text textasciitilde textbackslash textbf textcolor textdegree textit textmd textnormal textrm
  textsc textsf textsl textstyle textsubscript textsuperscript texttt textup textwidth tfrac th therefore theta thickapprox
  thicksim thinspace tilde times tiny to top tr triangle triangledown triangleleft trianglelefteq triangleq triangleright
  trianglerighteq tt ttfamily twoheadleftarrow twoheadrightarrow`.split(/\s+/),
);

/** Those whose letters after the first are a word, so that a line or a column may begin with it. */
const ambiguousCommands = new Set(['tan', 'ni', 'node', 'num', 'tag', 'th', 'tr', 'tt', 'ne', 'rm', 'rule', 'ref']);

/** A formula, or a command that nothing else can be: `$`, `_{`, `\alpha`, `\frac`. */
const SIGN_OF_LATEX = /\$|[\^_]\{|\\[A-Zac-eg-mo-qsv-z][A-Za-z]|\\[bf][a-z]/;

function beginsCommand(raw: string, at: number): boolean {
  const name = /^[A-Za-z]+/.exec(raw.slice(at + 1, at + 40))?.[0] ?? '';
  return latexCommands.has(name) && (!ambiguousCommands.has(name) || SIGN_OF_LATEX.test(raw));
}

/** A double backslash that breaks a line of LaTeX, in a string that does not double its others: `a \\ \beta`. */
function isLineBreak(raw: string, at: number): boolean {
  return (
    /^(?:\s|\\(?!\\)[A-Za-z]|$)/.test(raw.slice(at + 2, at + 4)) &&
    /(?<!\\)(?:\\\\)*\\[A-Za-mo-qsv-z][A-Za-z]/.test(raw)
  );
}

type Span = [from: number, to: number];

/**
 * `C:\temp\new files`, with single backslashes; `\\server\share`; `\Users\name`. `A:\nThe` is a line that begins after a
 * label, unless more of a path follows.
 */
const WINDOWS_PATHS = [
  /(?<![A-Za-z])[A-Za-z]:\\(?!\\)(?!n(?![\w-]*[\\_.]\w))(?!t(?![a-z]))[^\s"'<>|?*]*(?: [^\s"'<>|?*\\]+\\(?![\\"nt])[^\s"'<>|?*]*)*/g,
  /(?<![\\\w])\\\\[A-Za-z][\w.$-]*\\(?![\\"])[^\s"'<>|?*]*/g,
  /(?<![\\\w])\\[A-Z][\w.-]+\\(?![\\"])\w[^\s"'<>|?*]*/g,
];

function pathSpans(raw: string): Span[] {
  if (!raw.includes('\\')) return [];
  return WINDOWS_PATHS.flatMap((pattern) =>
    [...raw.matchAll(pattern)].map(({ index, 0: { length } }): Span => [index, index + length]),
  );
}

function isInPath(spans: Span[], at: number): boolean {
  return spans.some(([from, to]) => at >= from && at < to);
}

/** Form feed and `rac`, backspace and `eta`, tab and `imes`. */
const LEFT_OF_COMMAND = new RegExp(
  `[\\b\\f](?=[A-Za-z])|\\t(?:${namesWithout('t')})(?![A-Za-z])|\\r(?:${namesWithout('r')})(?![A-Za-z])`,
);

/** Returns the commands that begin with a letter and are certain, without that letter. */
function namesWithout(letter: string): string {
  return [...latexCommands]
    .filter((name) => name.startsWith(letter) && !ambiguousCommands.has(name))
    .map((name) => name.slice(1))
    .join('|');
}

/** Returns a text without lone surrogates, and without control characters other than tab and line feed. */
function withoutControls(text: string): string {
  return text
    .replace(LONE_SURROGATES, '\ufffd')
    .replace(/\r\n?/g, '\n')
    .replace(/[\b\v\f]/g, ' ')
    .replace(CONTROLS, '');
}

const LONE_SURROGATES = /\p{Surrogate}/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const CONTROLS = /[\u0000-\u0008\u000e-\u001f]/g;
