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
  read: (answer: string) => { ok: true; value: T } | { ok: false; reason: string };
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
  for (;;) {
    const request = { messages, schema, stage, maxAnswers: maxAttempts - answers, sample: answers };
    const completion: Completion = await askModel(model, request, signal).catch((error: unknown) => {
      throw error instanceof RejectError && answers > 0 ? withEarlierAttempts(error, attempts, last) : error;
    });
    answers += completion.answers ?? 1;
    attempts += completion.attempts;
    usage = addUsage(usage, completion.usage);
    cached &&= completion.cached === true;
    last = completion.text;
    const answer = read(last);
    if (answer.ok) {
      const { value } = answer;
      return { value, completion: { ...completion, attempts }, usage: { ...usage, ...(cached && { cached }) } };
    }
    if (answers >= maxAttempts) {
      const unread = answers === 1 ? 'the answer could not be read' : `none of ${answers} answers could be read`;
      throw new RejectError(`${unread}: ${answer.reason}`, { attempts, answer: last });
    }
    messages = again(question.messages, last, answer.reason);
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
