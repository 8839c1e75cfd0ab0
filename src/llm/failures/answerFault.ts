import { isText } from '../../record.js';
import type { Completion } from '../chatModel.js';
import type { Fault } from './attemptError.js';

/** JSON modes are known to fill the rest of an answer with white space: a higher cap would only buy more of it. */
const TRAILING_WHITE_SPACE = 100;

/** Returns why an answer cannot be used; undefined if it can. */
export function answerFault({
  text,
  finishReason,
  thinking,
}: Pick<Completion, 'text' | 'finishReason' | 'thinking'>): { fault: Fault; message: string } | undefined {
  if (finishReason === 'content_filter') return { fault: 'content-filter', message: 'finish_reason content_filter' };
  if (finishReason === 'length') {
    return endsInWhiteSpace(text)
      ? { fault: 'blank', message: 'white space up to the cap' }
      : { fault: 'length', message: 'the answer was cut off at its cap' };
  }
  if (isText(text)) return undefined;
  return {
    fault: 'blank',
    message: thinking === undefined ? 'an answer of white space only' : 'reasoning without an answer',
  };
}

function endsInWhiteSpace(text: string): boolean {
  const trimmed = text.trimEnd();
  return text.length - trimmed.length >= TRAILING_WHITE_SPACE || (trimmed === '' && text !== '');
}
