import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { proxiesIn, proxyReport } from '../../../src/cli/options/server/proxies.js';
import { UsageError } from '../../../src/errors.js';
import { createModel } from '../../../src/llm/createModel.js';
import { proxyFor } from '../../../src/llm/openai/proxy.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { workFolder } from '../../support/workFolder.js';

const both = { http: 'http://proxy:3128', https: 'http://secure:3129' };
const ways: [string, string | undefined, string | undefined][] = [
  ['http://h/v1', undefined, 'http://proxy:3128'],
  ['https://h/v1', undefined, 'http://secure:3129'],
  ['https://h/v1', 'h', undefined],
  ['https://sub.h.com/v1', 'h.com', undefined],
  ['https://sub.h.com/v1', '.h.com', undefined],
  ['https://sub.h.com/v1', '*.h.com', undefined],
  ['https://noth.com/v1', 'h.com', 'http://secure:3129'],
  ['https://H.com/v1', 'a.com, h.COM', undefined],
  ['https://h.com/v1', 'h.com:443', undefined],
  ['https://h.com:8443/v1', 'h.com:443', 'http://secure:3129'],
  ['http://10.1.2.3:8000/v1', '10.0.0.0/8', undefined],
  ['http://11.1.2.3:8000/v1', '10.0.0.0/8', 'http://proxy:3128'],
  ['http://[::1]:8000/v1', '::1', undefined],
  ['http://[::1]:8000/v1', '[::1]:8000', undefined],
  ['https://h/v1', '*', undefined],
  ['https://h/v1', '  ', 'http://secure:3129'],
];
for (const [url, noProxy, through] of ways) {
  test(`${url} is called ${through === undefined ? 'directly' : `through ${through}`} with NO_PROXY=${noProxy ?? ''}`, () => {
    assert.equal(proxyFor(new URL(url), { ...both, noProxy })?.origin, through);
  });
}

test('the variables are read in both cases, lower case first; HTTP_PROXY is not for https: servers', () => {
  assert.deepEqual(proxiesIn({ HTTP_PROXY: 'a', http_proxy: 'b', no_proxy: 'c' }), {
    http: 'b',
    https: undefined,
    noProxy: 'c',
  });
  assert.deepEqual(proxiesIn({ ALL_PROXY: 'a', https_proxy: '' }), { http: 'a', https: '', noProxy: undefined });
  const env = { HTTP_PROXY: 'user:secret@proxy:3128', NO_PROXY: 'local' };
  assert.equal(
    proxyReport(env, ['http://h/v1', 'https://h/v1', 'http://local:1/v1']),
    'h through http://proxy:3128, h directly, local:1 directly',
  );
});

test('an address that is not one of a proxy is refused without quoting it', () => {
  for (const http of ['socks5://user:secret@h:1', 'http://user:secret@:x']) {
    assert.throws(
      () => proxyFor(new URL('http://h'), { http }),
      (error) =>
        error instanceof UsageError && /HTTP_PROXY is not/.test(error.message) && !error.message.includes('secret'),
    );
  }
});

/** A proxy on loopback: absolute-form requests and CONNECT. It wants `user` if that is given. */
async function startProxy(user?: string) {
  const seen: string[] = [];
  const wanted = user && `Basic ${Buffer.from(user).toString('base64')}`;
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      response.writeHead(407).end('<html><title>Proxy Authentication Required</title></html>');
      return;
    }
    const { 'proxy-authorization': _own, ...headers } = request.headers;
    const onward = httpRequest(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const [, port] = /:(\d+)$/.exec(request.url ?? '') ?? [];
    const onward = net.connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    seen,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const ask = { messages: [{ role: 'user' as const, content: '<question>Why?</question>' }] };
const quick = { model: 'm', maxAttempts: 2, baseDelayMs: 1, probeDelayMs: 1, maxProbeDelayMs: 1 };

test('calls to an http: server go through the proxy of HTTP_PROXY in absolute form, with its user', async () => {
  const [server, proxy] = [await startStandIn(), await startProxy('ada:secret')];
  const notices: string[] = [];
  const model = createModel({
    ...quick,
    baseUrl: server.baseUrl,
    concurrency: 8,
    proxy: { http: `http://ada:secret@${proxy.address}` },
    onNotice: (notice) => notices.push(notice),
  });
  await Promise.all(Array.from({ length: 20 }, () => model.complete(ask)));
  assert.equal(proxy.seen.length, 20);
  assert.ok(
    proxy.seen.every((line) => line === `POST ${server.baseUrl}/chat/completions`),
    proxy.seen[0],
  );
  assert.equal(server.ledger.calls.length, 20);
  assert.deepEqual(notices, [`${new URL(server.baseUrl).host}: calls go through the proxy http://${proxy.address}`]);

  await model.close();
  proxy.close();
  await server.close();
});

test('calls to an https: server go through a tunnel of HTTPS_PROXY; the failure behind it names the server', async () => {
  const proxy = await startProxy();
  const plain = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const { port } = plain.address() as AddressInfo;
  const model = createModel({ ...quick, baseUrl: `https://127.0.0.1:${port}/v1`, proxy: { https: proxy.address } });
  await assert.rejects(model.complete(ask));
  assert.equal(proxy.seen[0], `CONNECT 127.0.0.1:${port}`);
  await model.close();
  proxy.close();
  plain.close();
});

for (const baseUrl of ['http://127.0.0.1:9/v1', 'https://127.0.0.1:9/v1']) {
  test(`a proxy that wants a user for ${baseUrl} is named, and its password is not quoted`, async () => {
    const proxy = await startProxy('ada:right');
    const address = `http://ada:wrong-password@${proxy.address}`;
    const model = createModel({ ...quick, baseUrl, proxy: { http: address, https: address } });
    await assert.rejects(model.complete(ask), (error: Error) => {
      assert.match(error.message, new RegExp(`the proxy http://${proxy.address} refused its user or password`));
      assert.doesNotMatch(error.message, /wrong-password/);
      return true;
    });
    await model.close();
    proxy.close();
  });
}

test('a page that may be of the proxy names it, also one of XHTML, and a page without a key says where a user goes', async () => {
  const page =
    '<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN">\n<html><head><title>401 Unauthorized</title></head></html>';
  const proxy = createServer((_, response) => response.writeHead(401, { 'content-type': 'text/html' }).end(page));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const model = createModel({ ...quick, baseUrl: 'http://127.0.0.1:9/v1', proxy: { http: address } });
  await assert.rejects(model.complete(ask), (error: Error & { hint?: string }) => {
    assert.match(error.hint ?? '', /its user and password in the base URL \(http:\/\/USER:PASSWORD@HOST\/v1\)/);
    assert.match(
      error.hint ?? '',
      new RegExp(`says: an HTML page \\(401 Unauthorized\\) \\(through the proxy ${address}\\)$`),
    );
    return true;
  });
  await model.close();
  proxy.close();
});

test('a batch goes through the proxy too', async (t) => {
  const [server, proxy] = [await startStandIn(), await startProxy()];
  const model = createModel({
    ...quick,
    baseUrl: server.baseUrl,
    batch: path.join(workFolder(t), 'journal'),
    ...{ batchIdleMs: 1, batchPollMs: 5 },
    proxy: { http: proxy.address },
  });
  await model.complete(ask);
  assert.ok(
    proxy.seen.some((line) => line.endsWith('/v1/files')),
    proxy.seen.join(),
  );
  await model.close();
  proxy.close();
  await server.close();
});

const tinyproxy = (() => {
  try {
    return execFileSync('sh', ['-c', 'command -v tinyproxy'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();

test('calls go through a real tinyproxy', {
  skip: tinyproxy === undefined && 'tinyproxy is not installed: apt-get install tinyproxy',
}, async (t) => {
  const server = await startStandIn();
  const free = net.createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const config = path.join(workFolder(t), 'tinyproxy.conf');
  writeFileSync(config, `Port ${port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nMaxClients 20\n`);
  const child = spawn(tinyproxy as string, ['-d', '-c', config], { stdio: 'ignore' });
  t.after(() => child.kill());
  for (let attempt = 0; attempt < 100; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isUp) break;
    await delay(50);
  }
  const model = createModel({ ...quick, baseUrl: server.baseUrl, proxy: { http: `127.0.0.1:${port}` } });
  await Promise.all(Array.from({ length: 5 }, () => model.complete(ask)));
  assert.equal(server.ledger.calls.length, 5);
  await model.close();
  await server.close();
});
