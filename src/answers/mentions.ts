import { readJsonAt } from './lenientJson.js';

type Mention = [from: number, to: number];

/**
 * Returns the parts of a text whose markup is not the chat's own: JSON objects, blocks of code that end, and code or words in
 * quotation marks.
 */
export function mentionedSpans(text: string): Mention[] {
  const quoted = [...text.matchAll(/`[^`\n]+`|“[^”\n]{1,200}”|"<[^"\n]{1,60}>"|'<[^'\n]{1,60}>'/g)];
  return [
    ...objectSpans(text),
    ...codeSpans(text),
    ...quoted.map(({ 0: { length }, index }): Mention => [index, index + length]),
  ];
}

function objectSpans(text: string): Mention[] {
  const budget = { left: 5e4 + 4 * text.length };
  const spans: Mention[] = [];
  const starts = /\{(?=\s*")/g;
  for (let match = starts.exec(text); match !== null; match = starts.exec(text)) {
    const read = readJsonAt(text, match.index, { strict: true, budget });
    if (!read.ok) continue;
    spans.push([match.index, read.end]);
    starts.lastIndex = read.end;
  }
  return spans;
}

/** Blocks between two fences. One that holds the end of a thought and not its beginning began inside the thought. */
function codeSpans(text: string): Mention[] {
  const fences = [...text.matchAll(/^[ \t]*```/gm)].map(({ index }) => index);
  const spans: Mention[] = [];
  for (let at = 0; at + 1 < fences.length; at += 2) {
    const span: Mention = [fences[at] as number, fences[at + 1] as number];
    if (isBalanced(text.slice(...span))) spans.push(span);
  }
  return spans;
}

function isBalanced(code: string): boolean {
  const count = (pattern: RegExp) => [...code.matchAll(pattern)].length;
  return (
    count(/<(?:think|thinking|thought|reasoning)>|◁think▷/gi) ===
    count(/<\/(?:think|thinking|thought|reasoning)>|◁\/think▷/gi)
  );
}
