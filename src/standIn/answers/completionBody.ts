import { assistantMessage, reasoningParts, type StandInAnswer } from './answer.js';

export interface CompletionOptions {
  id: string;
  model: string;
  answer: StandInAnswer;
  /** Undefined if none is reported. */
  usage: Record<string, unknown> | undefined;
  /** The reason that the server stopped early, with the finish_reason `error`. */
  error?: unknown;
}

/** The JSON of a chat completion. */
export function completionBody({ id, model, answer, usage, error }: CompletionOptions): string {
  const choice = {
    index: 0,
    message: assistantMessage(answer),
    finish_reason: answer.finishReason,
    ...(error !== undefined && { error }),
  };
  return JSON.stringify({
    id,
    object: 'chat.completion',
    created: CREATED_SECONDS,
    model,
    choices: [choice],
    ...(usage && { usage }),
  });
}

/** 2026-01-01, so that the answer to a call is always the same, byte for byte. */
export const CREATED_SECONDS = 1_767_225_600;

const MAX_DELTAS = 8;
const DONE_EVENT = 'data: [DONE]\n\n';
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

export interface CompletionEventOptions extends CompletionOptions {
  /** `stream_options.include_usage`: a last chunk without choices carries the usage. */
  includeUsage: boolean;
  /** The event that ends the stream after half of the content; `inChunk` puts it into a chunk. */
  broken?: { body: Record<string, unknown>; inChunk: boolean } | undefined;
}

/**
 * The events of a stream: the role, the reasoning, the content in several deltas, the finish reason, the usage, `[DONE]`.
 * With `broken`, the stream stops after half of the content.
 */
export function completionEvents({ id, model, answer, usage, includeUsage, broken }: CompletionEventOptions): string[] {
  const chunk = (choices: unknown[], more: object = {}) =>
    event({
      id,
      object: 'chat.completion.chunk',
      created: CREATED_SECONDS,
      model,
      choices,
      ...(includeUsage && { usage: null }),
      ...more,
    });
  const delta = (fields: object, finishReason: string | null = null) =>
    chunk([{ index: 0, delta: fields, finish_reason: finishReason }]);

  const { reasoning, refusal, finishReason } = answer;
  const { content } = assistantMessage(answer) as { content: string | null };
  const events = [delta({ role: 'assistant', content: '' })];
  if (reasoning !== undefined && !/^(block|noOpener|hidden)$/.test(reasoning.field)) {
    for (const text of pieces(reasoning.text, 2)) events.push(delta(reasoningParts(reasoning.field, text)));
  }
  if (refusal !== undefined) events.push(delta({ refusal }));
  const deltas = pieces(content ?? '', MAX_DELTAS).map((text) => delta({ content: text }));
  if (broken !== undefined) {
    const choice = { index: 0, delta: { content: '' }, finish_reason: 'error' };
    events.push(...deltas.slice(0, Math.ceil(deltas.length / 2)));
    events.push(broken.inChunk ? chunk([choice], broken.body) : event(broken.body), DONE_EVENT);
    return events;
  }
  events.push(...deltas, delta({}, finishReason));
  if (includeUsage && usage !== undefined) events.push(chunk([], { usage }));
  events.push(DONE_EVENT);
  return events;
}

/** Splits a text into at most `most` pieces, none of which cuts a surrogate pair. */
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
