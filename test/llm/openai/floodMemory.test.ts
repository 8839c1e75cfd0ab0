import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { scriptArgs } from '../../support/script.js';

const MB = 2 ** 20;
const child = path.join(import.meta.dirname, 'floodChild.ts');

const head = (type: string, more = 'transfer-encoding: chunked') =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${more}\r\n\r\n`;
/** A chunk of the chunked encoding. */
const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`;
const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

/** The start of an answer, and the piece that follows again and again. */
const floods: Record<string, [start: string, piece: string]> = {
  'a plain body': [head('application/json', `content-length: ${2 ** 40}`), ' '.repeat(MB)],
  'a body in chunks of one byte': [head('application/json'), chunk('a').repeat(10_000)],
  'the pieces of a stream': [head('text/event-stream'), chunk(delta('word '.repeat(10_000)))],
  'a stream in chunks of one byte': [head('text/event-stream'), chunk('a').repeat(10_000)],
  'comments of a stream': [head('text/event-stream'), chunk(': keep-alive\n\n').repeat(1000)],
  headers: ['HTTP/1.1 200 OK\r\n', `x-more: ${'a'.repeat(1000)}\r\n`.repeat(100)],
  'one header': ['HTTP/1.1 200 OK\r\nx-more: ', 'a'.repeat(MB)],
  'trailers after a body': [
    `${head('application/json', 'transfer-encoding: chunked\r\ntrailer: x-more')}${chunk('{}')}0\r\n`,
    `x-more: ${'a'.repeat(1000)}\r\n`.repeat(100),
  ],
  'informational answers': ['', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(1000)],
};

/** Writes a piece again and again until the other side has gone, or 100 MB are sent. */
function flood(socket: Socket, start: string, piece: string): void {
  let sent = 0;
  socket.on('error', () => {});
  socket.write(start);
  const more = (): void => {
    while (!socket.destroyed && sent < 100 * MB) {
      sent += piece.length;
      if (!socket.write(piece)) return;
    }
    socket.end();
  };
  socket.on('drain', more);
  more();
}

test('a process that servers flood in nine ways takes less than 350 MB, and each call ends', async (t) => {
  const baseUrls: string[] = [];
  for (const [start, piece] of Object.values(floods)) {
    const server = createServer((socket) => void socket.once('data', () => flood(socket, start, piece)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    baseUrls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  }
  const run = spawn(process.execPath, [...scriptArgs(child), ...baseUrls], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => void run.kill('SIGKILL'));
  const lines = (await text(run.stdout)).trim().split('\n');
  for (const [at, what] of Object.keys(floods).entries()) {
    assert.ok(lines[at], `the call that was flooded with ${what} never ended`);
    const { end, maxRss } = JSON.parse(lines[at]) as { end: string; maxRss: number };
    t.diagnostic(`${what}: ${Math.round(maxRss / MB)} MB: ${end}`);
    assert.match(end, /over \d+ MiB|Headers Overflow|other side closed/);
    assert.ok(maxRss < 350 * MB, `${what}: ${Math.round(maxRss / MB)} MB`);
  }
});
