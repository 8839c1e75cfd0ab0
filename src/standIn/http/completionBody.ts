import { type Answer, messageOf, thinkingFields } from '../answers/answers.js';

export interface CompletionOptions {
  id: string;
  model: string;
  answer: Answer;
  /** Undefined where none is told. */
  usage: Record<string, unknown> | undefined;
  /** Why the server broke off, where it did: finish_reason `error`. */
  error?: unknown;
}

/** A chat completion's JSON. */
export function completionBody({ id, model, answer, usage, error }: CompletionOptions): string {
  const choice = {
    index: 0,
    message: messageOf(answer),
    finish_reason: answer.finishReason,
    ...(error !== undefined && { error }),
  };
  return JSON.stringify({ id, object: 'chat.completion', created, model, choices: [choice], ...(usage && { usage }) });
}

/** 2026-01-01: the answer to a call is the same byte for byte, whenever it is asked. */
export const created = 1_767_225_600;

const mostDeltas = 8;
const end = 'data: [DONE]\n\n';
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

export interface StreamOptions extends CompletionOptions {
  /** `stream_options.include_usage`: then a last chunk without choices carries the usage. */
  includeUsage: boolean;
  /** The event with which the stream breaks off, after half of the content; `inChunk` where it is a chunk as well. */
  broken?: { body: Record<string, unknown>; inChunk: boolean } | undefined;
}

/**
 * The events of a stream: the role, the thinking, the content in several deltas, the finish reason, the usage, `[DONE]`.
 * With `broken` it stops after half of the content.
 */
export function streamEvents({ id, model, answer, usage, includeUsage, broken }: StreamOptions): string[] {
  const chunk = (choices: unknown[], more: object = {}) =>
    event({
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      choices,
      ...(includeUsage && { usage: null }),
      ...more,
    });
  const delta = (fields: object, finishReason: string | null = null) =>
    chunk([{ index: 0, delta: fields, finish_reason: finishReason }]);

  const { thought, refusal, finishReason } = answer;
  const { content } = messageOf(answer) as { content: string | null };
  const events = [delta({ role: 'assistant', content: '' })];
  if (thought !== undefined && !/^(block|noOpener|hidden)$/.test(thought.place)) {
    for (const text of pieces(thought.text, 2)) events.push(delta(thinkingFields(thought.place, text)));
  }
  if (refusal !== undefined) events.push(delta({ refusal }));
  const deltas = pieces(content ?? '', mostDeltas).map((text) => delta({ content: text }));
  if (broken !== undefined) {
    const choice = { index: 0, delta: { content: '' }, finish_reason: 'error' };
    events.push(...deltas.slice(0, Math.ceil(deltas.length / 2)));
    events.push(broken.inChunk ? chunk([choice], broken.body) : event(broken.body), end);
    return events;
  }
  events.push(...deltas, delta({}, finishReason));
  if (includeUsage && usage !== undefined) events.push(chunk([], { usage }));
  events.push(end);
  return events;
}

/** A text in so many pieces at most, none of them cutting a surrogate pair. */
function pieces(text: string, most: number): string[] {
  const size = Math.max(1, Math.ceil(text.length / most));
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const cut = at + size;
    const splitsPair = cut < text.length && /[\ud800-\udbff]/.test(text[cut - 1] ?? '');
    const to = splitsPair ? cut + 1 : cut;
    found.push(text.slice(at, to));
    at = to;
  }
  return found;
}
