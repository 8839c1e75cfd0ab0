import { RejectError } from '../errors.js';

/** Thinking without an end leaves no answer. */
const apart = /^\s*<think>([\s\S]*?)(?:<\/think>([\s\S]*)|$)$/;
const tagged = /^\s*<answer>([\s\S]*)<\/answer>\s*$/;

/**
 * The teacher's text with its thinking kept as it stands, wrapped without tags round the answer, or dropped. Throws
 * RejectError where it holds no answer besides.
 */
export function answerOf(reasoning: string, thinking: 'keep' | 'wrap' | 'drop'): string {
  if (thinking === 'keep') return reasoning;
  const [, thought, rest = ''] = apart.exec(reasoning) ?? [undefined, undefined, reasoning];
  const answer = (tagged.exec(rest)?.[1] ?? rest).trim();
  if (answer === '') throw new RejectError('the reasoning is thinking alone: no answer is left without it');
  return thinking === 'drop' || thought === undefined ? answer : `<think>\n${thought.trim()}\n</think>\n\n${answer}`;
}
