import type { Completion } from '../llm/chatModel.js';
import { partAnswer } from './partAnswer.js';

/** Returns a completion with thinking and the markup of chat templates parted from its text; the same one if there are none. */
export function partCompletion(completion: Completion): Completion {
  const { text, thinking, cut } = partAnswer(completion.text);
  if (text === completion.text) return completion;
  return {
    ...completion,
    text,
    ...(cut !== undefined && { cut }),
    ...(completion.thinking === undefined &&
      thinking !== undefined && { thinking: { text: thinking, source: 'think-block' } }),
  };
}
