import { isRecord } from '../../record.js';
import { parseJson } from './errorBody.js';

/**
 * Reads a streamed chat completion (server-sent events) into the JSON that an unstreamed answer would have. An error that
 * comes midway becomes the whole answer, as servers put it in a 200; undefined if the stream ends too early, or a piece of it
 * cannot be read.
 */
export async function readEventStream(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const message: Record<string, unknown> = {};
  let { finishReason, model, usage, error }: Record<string, unknown> = {};
  const events = eventData(body);
  for (let next = await events.next(); !next.done && next.value !== '[DONE]'; next = await events.next()) {
    const chunk = parseJson(next.value);
    // A damaged piece would leave a hole in the answer.
    if (chunk === undefined && next.value.startsWith('{')) return undefined;
    if (!isRecord(chunk)) continue;
    error ??= chunk.error;
    model ??= chunk.model;
    usage = chunk.usage ?? usage;
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (!isRecord(choice)) continue;
    finishReason = choice.finish_reason ?? finishReason;
    if (isRecord(choice.delta)) append(message, choice.delta);
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
const MAX_EVENT_LENGTH = 2 ** 22;

/** Reads what follows `[DONE]`, without waiting for it: a connection that is left before its end cannot be reused. */
async function readToEnd(events: AsyncIterator<string>): Promise<void> {
  try {
    while (!(await events.next()).done);
  } catch {
    // The answer was already complete.
  }
}

/** Yields the text after `data:` of each event. Comments, such as the keep-alives of DeepSeek and OpenRouter, have none. */
async function* eventData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_EVENT_LENGTH) throw new Error(`an event of over ${MAX_EVENT_LENGTH / 2 ** 20} MiB`);
    for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim();
  }
  if (rest.startsWith('data:')) yield rest.slice('data:'.length).trim();
}

/** Appends to texts (the answer, its reasoning in whatever field) and lists (`reasoning_details`); sets everything else. */
function append(message: Record<string, unknown>, delta: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(delta)) {
    const before = message[key];
    if (key !== 'role' && typeof before === 'string' && typeof value === 'string') message[key] = before + value;
    else if (Array.isArray(before) && Array.isArray(value)) before.push(...value);
    else if (isPresent(value)) message[key] = value;
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
