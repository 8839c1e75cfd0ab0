import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { parseBaseUrl } from '../../../../src/llm/openai/baseUrl.js';
import { batchApi } from '../../../../src/llm/openai/batch/batchApi.js';

const MB = 2 ** 20;

for (const [what, status, path] of [
  ['the state of a batch', 200, '/batches/'],
  ['an error', 400, '/batches/'],
  ['a line of a result file', 200, '/content'],
] as const) {
  test(`a Batch API that floods ${what} is left at 16 MiB`, async (t) => {
    let sent = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' });
      const more = () => {
        while (sent < 200 * MB && !response.destroyed) {
          sent += MB;
          if (!response.write('a'.repeat(MB))) return;
        }
        response.end();
      };
      response.on('drain', more).on('error', () => {});
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = parseBaseUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
    const api = batchApi({ server: url, headers: {}, signal: new AbortController().signal });
    const read = async () => {
      if (path === '/batches/') await api.get('batch-1');
      else for await (const _ of api.lines('file-1'));
    };
    await assert.rejects(read(), /over 16 MiB/);
    assert.ok(sent < 60 * MB, `${sent / MB} MB were sent`);
  });
}
