/** Returns the final answer of a text: in its last `<answer>`, its last `\boxed{}`, after its last `Answer:`, else its last line. */
export function finalAnswer(reasoning: string): string {
  const text = reasoning.replace(/<think>[\s\S]*?<\/think>/g, '');
  const tagged = lastOf(text, /<answer>([\s\S]*?)<\/answer>/gi) ?? text;
  const boxed = lastBoxed(tagged);
  if (boxed !== undefined) return boxed;
  const named = lastOf(tagged, /(?:\banswer(?: is)?|答案(?:是|为)?)\s*[:：]\s*(?:\*\*)?\s*([^\n]+)/gi);
  if (named !== undefined) return named.trim();
  return tagged.trim().split('\n').at(-1)?.trim() ?? '';
}

/**
 * Returns true if two answers are the same: as numbers, as letters of a multiple choice (`(B)`, `B. ice`, `option B`), or as
 * texts without case, punctuation, white space and, at the start, an article.
 */
export function isSameAnswer(one: string, other: string): boolean {
  const [a, b] = [plainAnswer(one), plainAnswer(other)];
  if (a === '' || b === '') return false;
  if (a === b) return true;
  const [first, second] = [numberIn(one), numberIn(other)];
  if (first !== undefined && second !== undefined)
    return Math.abs(first - second) <= 1e-9 * Math.max(1, Math.abs(first));
  const [letter, otherLetter] = [choiceIn(one), choiceIn(other)];
  const isChoice = /^[a-z]$/.test(a) || /^[a-z]$/.test(b);
  return isChoice && letter !== undefined && letter === otherLetter;
}

/** The accepted answers of a gold value: a text, a number, true or false, or a list of these; undefined for anything else. */
export function goldAnswers(value: unknown): string[] | undefined {
  const all = [value].flat();
  const isGood = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one) && String(one).trim() !== '';
  return all.length > 0 && all.every(isGood) ? all.map(String) : undefined;
}

/** Returns an answer without case, marks and spaces. */
export function plainAnswer(answer: string): string {
  return answer
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\\(?:text|mathrm|mathbf)\s*\{([^{}]*)\}/g, '$1')
    .replace(/^[\s*"'“”(]*(?:the|an?)\s+/, '')
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .replace(/[^\p{L}\p{N}.%/+-]+|\.(?!\d)|(?<![\d\p{L}])[/+]|-(?!\d)/gu, '');
}

function numberIn(answer: string): number | undefined {
  const text = answer
    .normalize('NFKC')
    .replace(/[\s$*()]|\\[,!;]/g, '')
    .replace(/(?<=\d),(?=\d{3})/g, '')
    .replace(/\.$/, '');
  const [, top, bottom, percent] = /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?:\/(\d+(?:\.\d+)?))?(%)?$/i.exec(text) ?? [];
  if (top === undefined) return undefined;
  return Number(top) / Number(bottom ?? 1) / (percent === undefined ? 1 : 100);
}

function choiceIn(answer: string): string | undefined {
  return /^[\s*"'(]*(?:option|choice|answer|选项)?\s*\(?([A-Za-z])\)?(?:[.:)、：\s*]|$)/i
    .exec(answer.normalize('NFKC'))?.[1]
    ?.toLowerCase();
}

function lastOf(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1];
}

/** Returns the content of the last `\boxed{…}` whose braces balance. */
function lastBoxed(text: string): string | undefined {
  const open = text.lastIndexOf('\\boxed{');
  if (open < 0) return undefined;
  let depth = 0;
  for (let at = open + '\\boxed'.length; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}' && --depth === 0) return text.slice(open + '\\boxed{'.length, at);
  }
  return undefined;
}
