import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { offlineAnswer } from '../../../src/llm/offline/offlineModel.js';
import type { FaultName } from '../../../src/standIn/faults/faults.js';
import type { StandInOptions } from '../../../src/standIn/options.js';
import { about, post, standInFor } from '../../support/askStandIn.js';

interface Chunk {
  choices: { delta: { content?: string; reasoning?: string }; finish_reason: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
  error?: { message: string };
}
const chunksIn = (text: string): Chunk[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)));
const asked = about(1, { stream: true, stream_options: { include_usage: true } });
const contentIn = (chunks: Chunk[]) => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');

test('a stream is the answer in several deltas, then the finish reason, the usage and [DONE]', async (t) => {
  const server = await standInFor(t);
  const response = await post(server, asked);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const text = await response.text();
  const chunks = chunksIn(text);
  assert.ok(chunks.filter(({ choices }) => choices[0]?.delta.content).length >= 4);
  assert.equal(contentIn(chunks), offlineAnswer(asked.messages as Parameters<typeof offlineAnswer>[0]));
  assert.deepEqual(chunks.at(-2)?.choices[0]?.finish_reason, 'stop');
  assert.deepEqual(chunks.at(-1)?.choices, []);
  const { promptTokens, completionTokens } = server.ledger.sums();
  assert.deepEqual(
    [chunks.at(-1)?.usage?.prompt_tokens, chunks.at(-1)?.usage?.completion_tokens],
    [promptTokens, completionTokens],
  );
  assert.match(text, /data: \[DONE\]\n\n$/);
});

test('without stream_options no usage is sent, and the ledger says so', async (t) => {
  const server = await standInFor(t);
  const chunks = chunksIn(await (await post(server, about(1, { stream: true }))).text());
  assert.ok(chunks.every(({ usage }) => usage === undefined));
  assert.deepEqual(server.ledger.billed(), { promptTokens: 0, completionTokens: 0, untold: 1 });
});

test('no delta cuts a character in two', async (t) => {
  const answer = '𝒂𝒃𝒄𝒅'.repeat(9);
  const server = await standInFor(t, { answer: () => answer });
  const chunks = chunksIn(await (await post(server, asked)).text());
  assert.equal(contentIn(chunks), answer);
  for (const { choices } of chunks) {
    const delta = choices[0]?.delta.content ?? '';
    assert.equal(Buffer.from(delta).toString(), delta);
  }
});

test('thinking comes in separate deltas, before the content', async (t) => {
  const server = await standInFor(t, { profile: 'vllm', script: () => 'think' });
  const chunks = chunksIn(await (await post(server, asked)).text());
  const kinds = chunks.map(({ choices }) => Object.keys(choices[0]?.delta ?? {}).at(-1));
  assert.ok(kinds.lastIndexOf('reasoning') < kinds.indexOf('content', 1));
  assert.equal(
    chunks.map(({ choices }) => choices[0]?.delta.reasoning ?? '').join(''),
    'Let me think: the material is short.',
  );
});

test('a stream takes its service time from the first event to the last', async (t) => {
  const server = await standInFor(t, { medianMs: 300 });
  const response = await post(server, asked);
  const startedMs = performance.now();
  await response.text();
  assert.ok(performance.now() - startedMs > 100, 'it came all at once');
});

async function streamWith(t: Parameters<typeof standInFor>[0], fault: FaultName, options: StandInOptions = {}) {
  const server = await standInFor(t, { script: () => fault, ...options });
  let text = '';
  try {
    const response = await post(server, asked);
    for await (const bytes of response.body ?? []) text += Buffer.from(bytes).toString();
  } catch (error) {
    return { server, text, error };
  }
  return { server, text, error: undefined };
}

test('an error in the middle comes as its server sends it, after half of the answer', async (t) => {
  const openrouter = await streamWith(t, 'errorMidway', { profile: 'openrouter' });
  const last = chunksIn(openrouter.text).at(-1);
  assert.equal(last?.error?.message, 'Provider returned error');
  assert.equal(last?.choices[0]?.finish_reason, 'error');
  const vllm = await streamWith(t, 'errorMidway', { profile: 'vllm' });
  assert.deepEqual(Object.keys(chunksIn(vllm.text).at(-1) ?? {}), ['error']);
  assert.ok(contentIn(chunksIn(vllm.text).slice(0, -1)).length > 20);
  assert.equal(vllm.server.ledger.billed().untold, 1);
});

test('a stream can be cut, reset and fall silent in the middle', async (t) => {
  const cut = await streamWith(t, 'cut200');
  assert.equal(cut.error, undefined);
  assert.doesNotMatch(cut.text, /DONE|"finish_reason":"stop"/);
  const reset = await streamWith(t, 'resetMidBody', { medianMs: 40 });
  assert.ok(reset.error);
  const silent = await streamWith(t, 'stallMidBody', { stallMs: 150 });
  assert.ok(silent.error);
  assert.match(silent.text, /"content":"/);
  const [call] = silent.server.ledger.calls;
  assert.ok((call?.endMs ?? 0) - (call?.startMs ?? 0) >= 100);
});

test('a client that leaves in the middle ends its call, and its bill is not reported', async (t) => {
  const server = await standInFor(t, { medianMs: 20_000 });
  const controller = new AbortController();
  const call = fetch(`${server.baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(asked),
    signal: controller.signal,
  });
  while (server.ledger.inFlight === 0) await delay(5);
  controller.abort();
  await assert.rejects(call);
  while (server.ledger.inFlight > 0) await delay(5);
  assert.deepEqual(server.ledger.billed(), { promptTokens: 0, completionTokens: 0, untold: 1 });
});
