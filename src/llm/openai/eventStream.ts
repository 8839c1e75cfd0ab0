import { isRecord } from '../../record.js';
import { MAX_VALUES, valuesIn } from '../../util/boundedJson.js';
import { bodyLines } from './body.js';
import { parseJson } from './errorBody.js';

/**
 * Reads a streamed chat completion (server-sent events) into the JSON that an unstreamed answer would have. An error that
 * comes midway becomes the whole answer, as servers put it in a 200; undefined if the stream ends too early, or a piece of it
 * cannot be read.
 */
export async function readEventStream(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const message: Record<string, unknown> = {};
  let { finishReason, model, usage, error }: Record<string, unknown> = {};
  /** The number of values in lists and objects, which take more memory than their text. */
  let values = 0;
  const events = eventData(body);
  for (let isDone = false; !isDone; ) {
    const next = await events.next();
    isDone = next.done === true;
    for (const data of next.done ? [] : next.value) {
      isDone = data === '[DONE]';
      if (isDone) break;
      // Whatever else a server sends is not a part of the answer, and parsing it would take longer than reading it.
      if (!data.startsWith('{')) continue;
      const chunk = parseJson(data);
      // A damaged piece would leave a hole in the answer.
      if (!isRecord(chunk)) return undefined;
      error ??= chunk.error;
      model ??= chunk.model;
      usage = chunk.usage ?? usage;
      const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
      if (!isRecord(choice)) continue;
      finishReason = choice.finish_reason ?? finishReason;
      if (!isRecord(choice.delta)) continue;
      append(message, choice.delta);
      if (Object.values(choice.delta).some(isContainer)) values += valuesIn(data);
      if (values > MAX_VALUES) return undefined;
    }
  }
  void readToEnd(events);
  if (isPresent(error)) {
    const isBegun = Object.keys(message).some((key) => key !== 'role');
    return { error, usage, ...(isBegun && { choices: [{ message }] }) };
  }
  if (!isPresent(finishReason)) return undefined;
  return { model, usage, choices: [{ message, finish_reason: finishReason }] };
}

/** An event usually holds a few tokens. */
const MAX_EVENT_BYTES = 2 ** 22;

/** Reads what follows `[DONE]`, without waiting for it: a connection that is left before its end cannot be reused. */
async function readToEnd(events: AsyncIterator<unknown>): Promise<void> {
  try {
    while (!(await events.next()).done);
  } catch {
    // The answer was already complete.
  }
}

/** Yields the texts after `data:` of the events of each chunk. Comments, such as the keep-alives of DeepSeek and OpenRouter, have none. */
async function* eventData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  for await (const lines of bodyLines(body, MAX_EVENT_BYTES)) {
    yield lines.filter((line) => line.startsWith('data:')).map((line) => line.slice('data:'.length).trim());
  }
}

/** Appends to texts (the answer, its reasoning in whatever field) and lists (`reasoning_details`); sets everything else. */
function append(message: Record<string, unknown>, delta: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(delta)) {
    const before = message[key];
    if (key !== 'role' && typeof before === 'string' && typeof value === 'string') message[key] = before + value;
    else if (Array.isArray(before) && Array.isArray(value)) for (const item of value) before.push(item);
    else if (isPresent(value)) message[key] = value;
  }
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
