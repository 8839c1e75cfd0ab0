import { finishKind } from '../../answers/finishReason.js';
import { isText } from '../../record.js';
import type { Completion } from '../chatModel.js';
import type { Fault } from './attemptError.js';

/** JSON modes are known to fill the rest of an answer with white space: a higher cap would only buy more of it. */
const TRAILING_WHITE_SPACE = 100;

const CUT_OFF = /(max_tokens|max_completion_tokens|output limit|output token limit)[^.]{0,40} (was|were|been) reached/i;

/** Returns true for OpenAI's words for an answer that its reasoning used up: a `finish_reason` of `length`, sent as a 400. */
export function saysCutOff(message: string): boolean {
  return CUT_OFF.test(message);
}

/** Returns why an answer cannot be used; undefined if it can. */
export function answerFault({
  text,
  finishReason,
  thinking,
}: Pick<Completion, 'text' | 'finishReason' | 'thinking'>): { fault: Fault; message: string } | undefined {
  const message = `finish_reason ${finishReason}`;
  switch (finishKind(finishReason)) {
    case 'filtered':
      return { fault: 'content-filter', message };
    case 'refusal':
      return { fault: 'refusal', message };
    case 'failed':
      return { fault: 'finish-error', message: `the server broke off with ${message}` };
    case 'context':
      return { fault: 'context-full', message };
    case 'length':
      return endsInWhiteSpace(text)
        ? { fault: 'blank', message: 'white space up to the cap' }
        : { fault: 'length', message: 'the answer was cut off at its cap' };
  }
  if (isText(text)) return undefined;
  return thinking === undefined
    ? { fault: 'blank', message: 'an answer of white space only' }
    : { fault: 'no-answer', message: 'reasoning without an answer' };
}

function endsInWhiteSpace(text: string): boolean {
  const trimmed = text.trimEnd();
  return text.length - trimmed.length >= TRAILING_WHITE_SPACE || (trimmed === '' && text !== '');
}
