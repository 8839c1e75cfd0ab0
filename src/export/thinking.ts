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
  const [, thought, rest = ''] = THINKING_AND_REST.exec(reasoning) ?? [undefined, undefined, reasoning];
  const answer = (TAGGED_ANSWER.exec(rest)?.[1] ?? rest).trim();
  if (answer === '') throw new RejectError('the reasoning is thinking alone: no answer is left without it');
  return thinking === 'drop' || thought === undefined ? answer : `<think>\n${thought.trim()}\n</think>\n\n${answer}`;
}
