import { partAnswer } from '../answers/partAnswer.js';
import { RejectError } from '../errors.js';

/** The thinking, and the answer after it; thinking without an end has no answer. */
const THINKING_AND_REST = /^\s*<think>([\s\S]*?)(?:<\/think>([\s\S]*)|$)$/;
const TAGGED_ANSWER = /^\s*<answer>([\s\S]*)<\/answer>\s*$/;

/**
 * Returns the teacher's text with its thinking kept as it is, wrapped before an answer without tags, or dropped.
 *
 * @throws RejectError if the text holds thinking alone
 */
export function convertThinking(reasoning: string, thinking: 'keep' | 'wrap' | 'drop'): string {
  if (thinking === 'keep') return reasoning;
  const [thought, rest] = parts(reasoning);
  const answer = (TAGGED_ANSWER.exec(rest)?.[1] ?? rest).trim();
  if (answer === '') throw new RejectError('the reasoning is thinking alone: no answer is left without it');
  return thinking === 'drop' || thought === undefined ? answer : `<think>\n${thought.trim()}\n</think>\n\n${answer}`;
}

/** Returns the thinking and the rest of a text, in our own form or in marks that earlier versions left in it. */
function parts(reasoning: string): [thought: string | undefined, rest: string] {
  const own = THINKING_AND_REST.exec(reasoning);
  if (own !== null) {
    const { text, thinking } = partAnswer(own[2] ?? '');
    return [[own[1], thinking].filter((thought) => thought !== undefined).join('\n\n'), text];
  }
  const { text, thinking } = partAnswer(reasoning);
  return [thinking, text];
}
