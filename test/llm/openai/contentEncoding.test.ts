import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import zlib from 'node:zlib';
import { ModelError, RejectError } from '../../../src/errors.js';
import { createModel } from '../../../src/llm/createModel.js';
import { completion } from '../../support/scriptedServer.js';

const plain = Buffer.from(JSON.stringify(completion('yes')));

/** Asks a server that answers with these bytes; resolves to the answer's text or the error, and the calls it took. */
async function askFor(headers: Record<string, string>, bytes: Buffer | Buffer[], stream = false) {
  let calls = 0;
  const server = createServer(async (_, response) => {
    calls += 1;
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    for (const piece of [bytes].flat()) {
      response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const model = createModel({ model: 'm', baseUrl, baseDelayMs: 1, maxAttempts: 2, stream });
  try {
    const request = { messages: [{ role: 'user' as const, content: 'Why?' }] };
    const end = await model.complete(request).then(
      ({ text }) => text,
      (error: Error) => error,
    );
    return { end, calls };
  } finally {
    await model.close();
    server.closeAllConnections();
    server.close();
  }
}

const encodings: [string, Buffer][] = [
  ['gzip', zlib.gzipSync(plain)],
  ['x-gzip', zlib.gzipSync(plain)],
  ['deflate', zlib.deflateSync(plain)],
  ['deflate', zlib.deflateRawSync(plain)],
  ['br', zlib.brotliCompressSync(plain)],
  ['br, gzip', zlib.gzipSync(zlib.brotliCompressSync(plain))],
  ['Identity', plain],
  ['', plain],
];
if ('zstdCompressSync' in zlib) encodings.push(['zstd', (zlib.zstdCompressSync as (data: Buffer) => Buffer)(plain)]);
for (const [encoding, bytes] of encodings) {
  test(`an answer with the content-encoding "${encoding}" is decoded, which was not asked for`, async () => {
    assert.equal((await askFor({ 'content-encoding': encoding }, bytes)).end, 'yes');
  });
}

test('a stream is decoded as it comes', async () => {
  const gzip = zlib.createGzip();
  const pieces: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => pieces.push(piece));
  const events = [
    { choices: [{ delta: { role: 'assistant', content: 'ye' } }] },
    { choices: [{ delta: { content: 's' }, finish_reason: 'stop' }] },
  ];
  for (const event of events) {
    gzip.write(`data: ${JSON.stringify(event)}\n\n`);
    await new Promise<void>((resolve) => gzip.flush(resolve));
  }
  gzip.end('data: [DONE]\n\n');
  await new Promise((resolve) => gzip.once('end', resolve));
  const headers = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' };
  assert.equal((await askFor(headers, pieces, true)).end, 'yes');
});

test('the bound of 16 MiB holds for the decoded bytes', async () => {
  // 1 GiB of white space in 1 MB; reading all of it would take seconds.
  const bomb = zlib.gzipSync(Buffer.alloc(2 ** 26, ' '));
  const { end } = await askFor(
    { 'content-encoding': 'gzip, gzip' },
    zlib.gzipSync(Buffer.concat(Array(16).fill(bomb))),
  );
  assert.ok(end instanceof RejectError);
  assert.match(end.message, /a body of over 16 MiB/);
});

test('an unknown encoding is named, and stops a run that has not worked yet after three tries', async () => {
  const { end, calls } = await askFor({ 'content-encoding': 'dcb' }, plain);
  assert.ok(end instanceof ModelError || end instanceof RejectError);
  assert.match(end.message, /the content-encoding dcb, which cannot be decoded/);
  assert.ok(calls <= 3);
});

test('a body that is not what its encoding says is named, and one that breaks off is retried as that', async () => {
  for (const encoding of ['gzip', 'br', 'deflate']) {
    const { end } = await askFor({ 'content-encoding': encoding }, plain);
    assert.match(String(end), new RegExp(`an answer that says it is ${encoding} and is not`));
  }
  const cut = await askFor({ 'content-encoding': 'gzip' }, zlib.gzipSync(plain).subarray(0, 40));
  assert.match(String(cut.end), /an answer that breaks off/);
  assert.equal(cut.calls, 2);
});
