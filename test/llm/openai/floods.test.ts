import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createModel } from '../../../src/llm/createModel.js';

const ask = { messages: [{ role: 'user' as const, content: 'Why?' }] };
const MB = 2 ** 20;

/** Serves one kind of answer, and asks for it with one attempt. */
async function withServer(
  answer: (response: ServerResponse) => unknown,
  body: (parts: { ask: () => Promise<unknown>; openResponses: () => number; sentMb: () => number }) => Promise<void>,
): Promise<void> {
  let sent = 0;
  let open = 0;
  const server = createServer(async (request, response) => {
    request.resume();
    const write = response.write.bind(response) as (chunk: string) => boolean;
    response.write = ((chunk: string) => {
      sent += chunk.length;
      return write(chunk);
    }) as typeof response.write;
    open += 1;
    response
      .on('error', () => {})
      .on('close', () => {
        open -= 1;
      });
    await answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const model = createModel({ model: 'm', baseUrl, maxAttempts: 1, idleTimeoutMs: 20_000 });
  try {
    await body({ ask: () => model.complete(ask), openResponses: () => open, sentMb: () => sent / MB });
  } finally {
    await model.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Writes a piece again and again until the other side has gone, or 200 MB are sent. */
async function flood(response: ServerResponse, piece: string): Promise<void> {
  for (let sent = 0; sent < 200 * MB && !response.destroyed; sent += piece.length) {
    if (!response.write(piece))
      await Promise.race([new Promise((resolve) => response.once('drain', resolve)), sleep(50)]);
  }
  response.end();
}

const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: string) => event({ model: 'm', choices: [{ delta: { content }, finish_reason: null }] });
const streamed = { 'content-type': 'text/event-stream' };
const floods: Record<string, [headers: Record<string, string>, piece: string]> = {
  'a plain body': [{ 'content-type': 'application/json' }, ' '.repeat(MB)],
  'an error page': [{ 'content-type': 'text/html' }, '<title>'.repeat(10_000)],
  'the pieces of a stream': [streamed, delta('word '.repeat(10_000))],
  'one event without an end': [streamed, 'a'.repeat(MB)],
  'comments of a stream': [streamed, ': keep-alive\n\n'.repeat(10_000)],
  'empty lines of a stream': [streamed, '\n'.repeat(MB)],
  'events without data': [streamed, 'data:\n'.repeat(100_000)],
  'events of other data': [streamed, 'data: x\n'.repeat(100_000)],
  'events of empty objects': [streamed, 'data: {}\n'.repeat(100_000)],
  'lines that end in CR': [streamed, 'data: {}\r\n\r\n'.repeat(100_000)],
  'names of events': [streamed, 'event: x\n'.repeat(100_000)],
};

for (const [what, [headers, piece]] of Object.entries(floods)) {
  test(`a server that floods ${what} is left at 16 MiB, and memory stays bounded`, () =>
    withServer(
      (response) => {
        response.writeHead(200, headers);
        return flood(response, piece);
      },
      async ({ ask, sentMb }) => {
        await assert.rejects(ask(), /over \d+ MiB|breaks off/);
        await sleep(100);
        assert.ok(sentMb() < 60, `${sentMb()} MB were sent`); // what the buffers of both sides hold comes on top
        assert.ok(process.memoryUsage().rss < 350 * MB, `${process.memoryUsage().rss / MB} MB`);
      },
    ));
}

test('headers without end are refused', () =>
  withServer(
    (response) => {
      response.writeHead(200, { 'x-long': 'a'.repeat(2 * MB) });
      response.end('{}');
    },
    async ({ ask }) => {
      await assert.rejects(ask(), /header/i);
    },
  ));

test('a stream that the server keeps open after its answer leaves no socket behind', () =>
  withServer(
    (response) => {
      response.writeHead(200, streamed);
      response.write(
        `${delta('Because.') + event({ choices: [{ delta: {}, finish_reason: 'stop' }] })}data: [DONE]\n\n`,
      );
    },
    async ({ ask, openResponses }) => {
      for (let call = 0; call < 5; call++) await ask();
      await sleep(1500);
      assert.equal(openResponses(), 0);
    },
  ));

test('a piece of a stream that cannot be read does not become an answer with a hole', () =>
  withServer(
    (response) => {
      response.writeHead(200, streamed);
      response.write(`${delta('The moon ')}data: {"choices": [{"delta": {"conte\n\n${delta('twice a day.')}`);
      response.end(`${event({ choices: [{ delta: {}, finish_reason: 'stop' }] })}data: [DONE]\n\n`);
    },
    async ({ ask }) => {
      await assert.rejects(ask(), /breaks off/);
    },
  ));
