import { RejectError } from '../errors.js';
import {
  type AnswerSchema,
  addUsage,
  type ChatMessage,
  type ChatModel,
  type Completion,
  type Usage,
} from '../llm/chatModel.js';
import { askModel } from './askModel.js';

export interface Question<T> {
  model: ChatModel;
  /** The stage for which usage is counted. */
  stage: string;
  messages: ChatMessage[];
  schema: AnswerSchema | undefined;
  /** The most answers that are paid for, including those that are blank or cut off. */
  maxAttempts: number;
  /** Reads an answer. One with a doubt can be used, but is asked for once more, with the doubt as the reason. */
  read: (answer: string) => { ok: true; value: T; doubt?: string | undefined } | { ok: false; reason: string };
  /** Returns the reason to reject a doubtful answer that no better one replaced; without it, the answer is kept. */
  rejectDoubtful?: ((value: T) => string) | undefined;
  /** Renders the messages after an answer that could not be used. */
  again: (messages: ChatMessage[], answer: string, reason: string) => ChatMessage[];
}

/** An answer that could be read, with the attempts of all. */
export interface ReadAnswer<T> {
  value: T;
  completion: Completion;
  /** The usage of all answers; `cached` if all came from the cache. */
  usage: Usage & { cached?: true };
}

/** Asks until an answer can be read. Throws RejectError after `maxAttempts` answers. */
export async function askUntilRead<T>(question: Question<T>, signal: AbortSignal): Promise<ReadAnswer<T>> {
  const { model, stage, schema, maxAttempts, read, again } = question;
  let { messages } = question;
  let answers = 0;
  let attempts = 0;
  let usage: Usage | undefined;
  let last: string | undefined;
  let cached = true;
  let doubtful: { value: T; completion: Completion } | undefined;
  const made = ({ value, completion }: { value: T; completion: Completion }): ReadAnswer<T> => ({
    value,
    completion: { ...completion, attempts },
    usage: { ...(usage as Usage), ...(cached && { cached }) },
  });
  /** Ends with the doubtful answer, if there is one. */
  const settle = (error: RejectError): ReadAnswer<T> => {
    if (doubtful === undefined) throw error;
    if (question.rejectDoubtful === undefined) return made(doubtful);
    throw new RejectError(question.rejectDoubtful(doubtful.value), { attempts, answer: last });
  };
  for (;;) {
    const request = { messages, schema, stage, maxAnswers: maxAttempts - answers, sample: answers };
    let completion: Completion;
    try {
      completion = await askModel(model, request, signal);
    } catch (error) {
      if (!(error instanceof RejectError) || answers === 0) throw error;
      const refused = withEarlierAttempts(error, attempts, last);
      attempts = refused.attempts ?? attempts;
      return settle(refused);
    }
    answers += completion.answers ?? 1;
    attempts += completion.attempts;
    usage = addUsage(usage, completion.usage);
    cached &&= completion.cached === true;
    last = completion.text;
    const answer = read(last);
    let reason: string;
    if (answer.ok) {
      if (answer.doubt === undefined) return made({ value: answer.value, completion });
      const isSecond = doubtful !== undefined;
      doubtful = { value: answer.value, completion };
      reason = answer.doubt;
      if (isSecond || answers >= maxAttempts) return settle(new RejectError(reason, { attempts, answer: last }));
    } else {
      reason = answer.reason;
      const unread = answers === 1 ? 'the answer could not be read' : `none of ${answers} answers could be read`;
      const failed = new RejectError(`${unread}: ${reason}`, { attempts, answer: last });
      if (doubtful !== undefined || answers >= maxAttempts) return settle(failed);
    }
    messages = again(question.messages, last, reason);
  }
}

const QUOTED_BYTES = 2000;

/** Returns the messages after an answer that could not be used: they quote the last 2 KB of it. */
export function askedAgain(messages: ChatMessage[], answer: string, request: string): ChatMessage[] {
  return [...messages, { role: 'assistant', content: endOf(answer, QUOTED_BYTES) }, { role: 'user', content: request }];
}

/** Returns a text, or the last `bytes` bytes of it. */
function endOf(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  return `… ${encoded
    .subarray(-bytes)
    .toString()
    .replace(/^\ufffd+/, '')}`;
}

/** The error of a later request, with the attempts and the answer of earlier ones. */
function withEarlierAttempts(
  { message, hint, cause, attempts = 1, answer }: RejectError,
  earlier: number,
  last?: string,
) {
  return new RejectError(message, { hint, cause, attempts: earlier + attempts, answer: answer ?? last });
}
