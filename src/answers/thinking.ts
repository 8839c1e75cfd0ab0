import { mentionedSpans } from './mentions.js';

/** A text without the thinking that was marked in it, and that thinking. */
export interface PartedText {
  text: string;
  /** Undefined if none was marked, or it was empty. */
  thinking?: string | undefined;
}

const NAMES = 'think|thinking|thought|thoughts|reasoning|reflection|scratchpad|inner_monologue|[a-z]+[:_]think(?:ing)?';

/** An opener or a closer of thinking. */
const MARK = new RegExp(
  [
    `</?\\s*(?:${NAMES})(?:\\s[^<>]{0,80})?\\s*>`,
    '\\[/?THINK\\]',
    '◁/?think▷',
    '<\\|(?:begin|end)_of_thought\\|>',
    '<\\|(?:START|END)_THINKING\\|>',
    '<\\|/?think\\|>',
    '<unused94>thought|<unused95>',
  ].join('|'),
  'gi',
);
const CLOSER = /^(?:[<[◁]\/|<\|(?:end|\/)|<unused95)/i;

interface Mark {
  isCloser: boolean;
  from: number;
  to: number;
}

/** A few words before a block are not a part of the answer. */
const MAX_PREFACE = 80;
const PREFACE =
  /^\s*(?:sure|ok|okay|of course|certainly|absolutely|alright|all right|got it|great|let me|let's|here|hmm|first|well|i will|i'll|好的|当然|让我|好，|嗯)(?!\p{L})/iu;

/**
 * Parts a text from the thinking that is marked in it: `<think>…</think>` and its other names, in any case, `[THINK]`, `◁think▷`,
 * `<|begin_of_thought|>`; one block or several, after a few words, without its opener (templates that end in it), with a closer
 * too many, or without its closer: then all that follows is thinking. Marks that the text only mentions are a part of it.
 */
export function partThinking(text: string): PartedText {
  const marks = marksIn(text);
  const thoughts: string[] = [];
  let answer = '';
  /** The index of the part that is not yet taken. */
  let at = 0;
  for (let next = 0; next < marks.length; ) {
    const { isCloser, from, to } = marks[next] as Mark;
    const before = text.slice(at, from);
    if (isCloser) {
      // A closer without an opener: all before it was thinking, unless nothing follows an answer.
      const isLeftOver = thoughts.length > 0 && (answer + before).trim() !== '' && text.slice(to).trim() === '';
      if (isLeftOver) answer += before;
      else {
        thoughts.push(answer, before);
        answer = '';
      }
      at = to;
      next += 1;
      continue;
    }
    if (!opensBlock(text, answer, before, from)) {
      next += 1;
      // A pair in a sentence.
      if (marks[next]?.isCloser) next += 1;
      continue;
    }
    const preface = (answer + before).trim();
    const isPreface = thoughts.length === 0 && preface.length <= MAX_PREFACE && PREFACE.test(preface);
    if (isPreface) thoughts.push(answer + before);
    else answer += before;
    const closer = closerAfter(marks, next);
    thoughts.push(text.slice(to, closer?.mark.from));
    if (closer === undefined) return parted('', [answer, ...thoughts]);
    at = closer.mark.to;
    next = closer.index + 1;
  }
  return parted(answer + text.slice(at), thoughts);
}

function parted(text: string, thoughts: string[]): PartedText {
  const thinking = thoughts
    .map((thought) => thought.trim())
    .filter(Boolean)
    .join('\n\n');
  return thinking === '' ? { text } : { text, thinking };
}

function marksIn(text: string): Mark[] {
  const all = [...text.matchAll(MARK)];
  if (all.length === 0) return [];
  const mentioned = mentionedSpans(text);
  return all
    .map(({ 0: mark, index }): Mark => ({ isCloser: CLOSER.test(mark), from: index, to: index + mark.length }))
    .filter(({ from }) => !mentioned.some(([start, end]) => from >= start && from < end));
}

/** Returns true for an opener at the beginning, at that of a line, or after a few words that are a sentence. */
function opensBlock(text: string, answer: string, before: string, from: number): boolean {
  const preface = answer + before;
  if (preface.trim() === '') return true;
  if (/\n[ \t]*$/.test(text.slice(0, from))) return true;
  return preface.length <= MAX_PREFACE && /[.!:,。！：，…]\s*$/.test(preface);
}

/** Returns the closer of an opener: the first, as a block in a block is none of its own. */
function closerAfter(marks: Mark[], opener: number): { mark: Mark; index: number } | undefined {
  const index = marks.findIndex(({ isCloser }, at) => at > opener && isCloser);
  return index === -1 ? undefined : { mark: marks[index] as Mark, index };
}
