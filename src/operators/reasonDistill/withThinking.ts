import type { Completion } from '../../llm/chatModel.js';
import { hasAnswerTags } from '../../util/answerTags.js';

/** Returns the answer as training text, with the thinking before it if that came apart. */
export function withThinking({ text, thinking }: Pick<Completion, 'text' | 'thinking'>): string {
  if (thinking === undefined) return text;
  const answer = hasAnswerTags(text) ? text : `<answer>${text}</answer>`;
  return `<think>${thinking.text}</think>\n${answer}`;
}
