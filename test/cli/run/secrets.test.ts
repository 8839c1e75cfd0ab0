import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { runCommand } from '../../support/command.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const texts = Array.from({ length: 6 }, (_, id) => ({ id, text: `Glaciers carve valley number ${id}, slowly.` }));
const USER = 'user-of-the-proxy';
const PASSWORD = 'Pa55-word/of+the.proxy';
const SIGNATURE = 'Sig-0123456789/abcdef+AB';
const KEY = 'sk-Test-0123456789abcdef';

/** Every form in which a server can send back what proves who asks. */
function formsOf(request: IncomingMessage): string[] {
  const credential = request.headers.authorization?.replace(/^\w+ /, '') ?? '';
  const [, password = ''] = Buffer.from(credential, 'base64').toString().split(':');
  const signature = new URL(request.url ?? '', 'http://a').searchParams.get('sig') ?? '';
  return [credential, password, signature]
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret), secret.toUpperCase(), secret.toLowerCase()]);
}

const leaks = [PASSWORD, SIGNATURE, KEY, Buffer.from(`${USER}:${PASSWORD}`).toString('base64')]
  .flatMap((secret) => [secret, encodeURIComponent(secret)])
  .map((secret) => secret.toLowerCase());

/** Serves answers that quote the credentials of their requests. */
async function quotingServer(t: TestContext, kinds: typeof answers) {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    const answer = kinds[Math.min(calls++, kinds.length - 1)];
    answer?.(formsOf(request).join(' '), response.setHeader('content-type', 'application/json'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The bytes of all files below a folder, as text. */
function textsBelow(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(path.join(file.parentPath, file.name), 'latin1')).join('\n');
}

const query = (quote: string) =>
  JSON.stringify({ hard_query: { question: `Why? ${quote}`, scenario: `So. ${quote}` } });
const choice = (message: object, finish = 'stop') => ({ index: 0, message, finish_reason: finish });
/** Each quotes the credentials elsewhere; the first calls get them in turn, and all further calls the last. */
const answers: ((quote: string, response: ServerResponse) => void)[] = [
  (quote, response) => {
    const message = { content: query(quote), reasoning: quote };
    response.end(JSON.stringify({ model: quote, choices: [choice(message, quote)] }));
  },
  (quote, response) => response.end(JSON.stringify({ model: 'm', choices: [choice({ content: quote })] })),
  (quote, response) => response.end(JSON.stringify({ choices: [choice({ content: null, refusal: quote })] })),
  (quote, response) =>
    response.end(JSON.stringify({ choices: [{ ...choice({ content: quote }, 'error'), error: quote }] })),
  (quote, response) => {
    response.statusCode = 422;
    response.end(JSON.stringify({ error: { message: quote, code: quote, type: quote, param: quote } }));
  },
];
const refusedKey: typeof answers = [
  (quote, response) => {
    response.statusCode = 401;
    response.end(`<html><title>${quote}</title></html>`);
  },
];
const redirected: typeof answers = [
  (quote, response) => {
    response.statusCode = 302;
    response.setHeader('location', `https://example.com/${encodeURI(quote)}?q=${encodeURI(quote)}`);
    response.end();
  },
];

const urls: Record<string, (port: number) => [url: string, env: Record<string, string>]> = {
  'a key in a variable': (port) => [`http://127.0.0.1:${port}/v1`, { MY_KEY: KEY }],
  'a user and a password in the URL': (port) => [
    `http://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/v1`,
    {},
  ],
  'a signature in the URL': (port) => [`http://127.0.0.1:${port}/v1?sig=${encodeURIComponent(SIGNATURE)}`, {}],
};

for (const [where, urlOf] of Object.entries(urls)) {
  test(`with ${where}, a server that quotes it has it printed and stored nowhere`, async (t) => {
    const cwd = workFolder(t);
    const input = writeRecords(cwd, 'in.jsonl', texts);
    let printed = '';
    for (const [index, kinds] of [answers, refusedKey, redirected].entries()) {
      const [url, env] = urlOf(await quotingServer(t, kinds));
      const server = ['--model', 'm', '--base-url', url, ...(env.MY_KEY ? ['--api-key-env', 'MY_KEY'] : [])];
      const files = ['-o', `out${index}.jsonl`, '--rejects', `rejects${index}.jsonl`, '--cache', 'cache'];
      const more = ['--max-attempts', '1', '--concurrency', '1', ...(index === 1 ? ['--json-progress'] : [])];
      const run = await runCommand(['doc2query', input, ...files, ...server, ...more], { cwd, env });
      const doctor = index === 1 ? await runCommand(['doctor', ...server], { cwd, env }) : undefined;
      printed += run.stderr + run.stdout + (doctor?.stderr ?? '') + (doctor?.stdout ?? '');
    }
    assert.match(printed, /\*\*\*/);
    const seen = (printed + textsBelow(cwd)).toLowerCase();
    for (const leak of leaks) {
      const at = seen.indexOf(leak);
      assert.equal(at, -1, seen.slice(Math.max(0, at - 300), at + 100));
    }
  });
}
