import { jsonInString } from './jsonAnswer.js';

/** The words of a conclusion, looked for in the last lines of a text. */
const CONCLUSION =
  /\banswer\b|\b(?:therefore|thus|hence|in conclusion|to conclude|in summary|in short|overall|consequently|accordingly)\b|\bso,|\bso the\b|\\boxed\{|<answer>|答案|结论|因此|所以|综上|总之|故此|由此可见|したがって|結論|答え/i;
const CONCLUSION_CHARACTERS = 600;
/** Words about the next step at the end of a text: it is a plan, not an answer. */
const STILL_THINKING =
  /(?:\b(?:let me|let's|i need to|i should|i will|i'll|we need to|we should|now to|wait)\b[^.!?\n]*|[,:;…]|\.\.\.)\s*[.!]?\s*$/i;

/**
 * Returns true if a text that a server sent as reasoning is an answer: it is JSON, or ends in JSON, or ends in a conclusion and not
 * in the middle of a thought.
 */
export function endsInAnswer(reasoning: string): boolean {
  const text = reasoning.trim();
  if (endsInJson(text)) return true;
  if (STILL_THINKING.test(text.slice(-CONCLUSION_CHARACTERS))) return false;
  return /[.!?。！？)\]}"”'*`$>]$/.test(text) && CONCLUSION.test(text.slice(-CONCLUSION_CHARACTERS));
}

/** Returns true if a text ends in a JSON object or list, in a fence or without. */
function endsInJson(text: string): boolean {
  const body = text.replace(/\s*```\s*$/, '');
  const closing = body.at(-1);
  if (closing !== '}' && closing !== ']') return false;
  const opening = closing === '}' ? '{' : '[';
  // The object may hold others: the outermost that ends here begins at one of the first brackets of a line, or at the first of all.
  const starts = [...body.matchAll(opening === '{' ? /\{(?=\s*["'“])/g : /\[(?=\s*[{"'“])/g)].slice(0, MAX_STARTS);
  return starts.some(({ index }) => jsonInString(body.slice(index)) !== undefined);
}

const MAX_STARTS = 50;
