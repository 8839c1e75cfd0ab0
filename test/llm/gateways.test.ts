import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ModelError, RejectError } from '../../src/errors.js';
import { createModel, type ModelOptions, type RareflowModel } from '../../src/llm/createModel.js';
import { type StandIn, startStandIn } from '../../src/standIn/http/server.js';
import { scriptArgs } from '../support/script.js';
import { ask } from '../support/standInModel.js';
import { outcomesOf, type TlsCall } from './tlsOutcomes.js';

// The stand-in behind real gateways: nginx and haproxy of Debian.

const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-gateways-'));
const file = (name: string) => path.join(folder, name);
const missing = (name: string) =>
  existsSync(`/usr/sbin/${name}`) ? false : `no /usr/sbin/${name}: apt-get install -y --no-install-recommends ${name}`;
const noNginx = missing('nginx');
const noHaproxy = missing('haproxy');

const processes: ChildProcess[] = [];
let server: StandIn;
let slow: StandIn;
let ports: number[] = [];

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  return port;
}

/** Starts a gateway, and waits until it listens. */
async function start(program: string, args: string[], port: number): Promise<void> {
  processes.push(spawn(`/usr/sbin/${program}`, args, { stdio: 'ignore' }));
  for (let i = 0; i < 100; i++) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await delay(50);
  }
  throw new Error(`${program} did not start`);
}

/** Makes an authority, a certificate for localhost and one for a client, and an expired one. */
function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
  writeFileSync(file('local.ext'), 'subjectAltName=DNS:localhost\n');
  writeFileSync(file('other.ext'), 'subjectAltName=DNS:elsewhere.example\n');
  for (const [name, more] of [
    ['local', ['-extfile', 'local.ext', '-days', '2']],
    ['other', ['-extfile', 'other.ext', '-days', '2']],
    ['client', ['-days', '2']],
  ] as const) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signing, ...more);
  }
}

before(async () => {
  server = await startStandIn({ medianMs: 20 });
  slow = await startStandIn({ medianMs: 2500 });
  ports = await Promise.all(Array.from({ length: 6 }, freePort));
  const [http, tls, mutual, other, queue, dead] = ports;
  const upstream = new URL(server.baseUrl).host;
  if (!noNginx) {
    makeCertificates();
    writeFileSync(file('users'), 'reader:{PLAIN}secret-of-the-test\n');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    );
    const secure = (port: number | undefined, name: string, more = '') =>
      `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${file(`${name}.pem`)}; ssl_certificate_key ${file(`${name}.key`)}; ${more} location / { proxy_pass http://${upstream}; } }`;
    writeFileSync(
      file('nginx.conf'),
      `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; master_process off; pid ${file('nginx.pid')}; error_log ${file('error.log')};
      events {} http { access_log off; ${temporary.join(' ')} limit_req_zone $server_name zone=limited:1m rate=100r/s;
      upstream kept { server ${upstream}; keepalive 4; }
      server { listen 127.0.0.1:${http};
        location /limited/ { limit_req zone=limited burst=3 nodelay; proxy_pass http://${upstream}/; }
        location /small/ { client_max_body_size 1; proxy_pass http://${upstream}/; }
        location /slow/ { proxy_read_timeout 300ms; proxy_pass http://${new URL(slow.baseUrl).host}/; }
        location /down/ { proxy_pass http://127.0.0.1:${dead}/; }
        location /gzip/ { gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any; proxy_pass http://${upstream}/; }
        location /user/ { auth_basic "test"; auth_basic_user_file ${file('users')}; proxy_set_header Authorization ""; proxy_pass http://${upstream}/; }
        location /team/models/ { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://kept/; }
        location /login/ { default_type text/html; return 200 "<html><body><h1>Members only</h1><p>Please sign in</p></body></html>"; }
      }
      ${secure(tls, 'local')} ${secure(other, 'other')} ${secure(mutual, 'local', `ssl_client_certificate ${file('ca.pem')}; ssl_verify_client on;`)} }`,
    );
    await start('nginx', ['-c', file('nginx.conf'), '-e', file('error.log')], http as number);
  }
  if (!noHaproxy) {
    writeFileSync(
      file('haproxy.cfg'),
      `global\n  maxconn 200\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  timeout queue 30ms\n  timeout http-keep-alive 20ms\nfrontend in\n  bind 127.0.0.1:${queue}\n  default_backend out\nbackend out\n  server one ${upstream} maxconn 2\n`,
    );
    await start('haproxy', ['-db', '-f', file('haproxy.cfg')], queue as number);
  }
});

after(async () => {
  for (const child of processes) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  await Promise.all([server.close(), slow.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Asks through a gateway by a path of nginx, or by another port. */
async function through<T>(
  at: string | number,
  options: Partial<ModelOptions>,
  body: (model: RareflowModel) => Promise<T>,
): Promise<T> {
  const baseUrl = typeof at === 'number' ? `http://127.0.0.1:${at}/v1` : `http://127.0.0.1:${ports[0]}${at}/v1`;
  const model = createModel({ model: 'm', baseUrl, baseDelayMs: 20, firstHoldMs: 30, maxGrownHoldMs: 60, ...options });
  try {
    return await body(model);
  } finally {
    await model.close();
  }
}

const many = (count: number) => async (model: RareflowModel) => {
  const answers = await Promise.all(Array.from({ length: count }, (_, i) => model.complete(ask(i))));
  return answers.length;
};

test('nginx that limits requests by 503 loses no record', { skip: noNginx }, async () => {
  assert.equal(await through('/limited', { concurrency: 8, maxAttempts: 2 }, many(40)), 40);
});

test('haproxy that answers 503 when its queue is full, and closes kept connections, loses no record', {
  skip: noHaproxy,
}, async () => {
  assert.equal(await through(ports[4] as number, { concurrency: 8, maxAttempts: 3 }, many(40)), 40);
});

test('a path prefix, gzip, and a user in the base URL work through nginx, streamed or not', {
  skip: noNginx,
}, async () => {
  for (const stream of [false, true]) {
    const text = await through('/team/models', { stream }, async (model) => (await model.complete(ask())).text);
    assert.match(text, /hard_query/);
    const headers = { 'accept-encoding': 'gzip' };
    assert.equal(
      await through('/gzip', { stream, headers }, async (model) => (await model.complete(ask())).text),
      text,
    );
  }
  const baseUrl = `http://reader:secret-of-the-test@127.0.0.1:${ports[0]}/user/v1`;
  assert.equal(await through('', { baseUrl }, many(2)), 2);
});

const stops: [string, string, RegExp][] = [
  ['a 502 page', '/down', /^502 from .*502 Bad Gateway.*; no call has succeeded yet$/],
  [
    'a login page with status 200',
    '/login',
    /an HTML page \(Members only Please sign in\).*; no call has succeeded yet$/,
  ],
  ['a user without password', '/user', /^401 from .*: it requires a key, and none was sent$/],
];
for (const [name, at, message] of stops) {
  test(`${name} of nginx stops the run at once, with its words`, { skip: noNginx }, () =>
    through(at, {}, (model) =>
      assert.rejects(model.complete(ask()), (error) => error instanceof ModelError && message.test(error.message)),
    ),
  );
}

test('a 504 of nginx suggests to stream, and a 413 names its setting', { skip: noNginx }, async () => {
  const rejection = (at: string) =>
    through(at, { maxAttempts: 1 }, (model) => model.complete(ask()).then(String, (error: unknown) => error));
  const [timeout, size] = await Promise.all([rejection('/slow'), rejection('/small')]);
  assert.ok(timeout instanceof RejectError && size instanceof RejectError, `${timeout} ${size}`);
  assert.match(timeout.message, /504 Gateway Time-out.*--stream/);
  assert.match(size.message, /client_max_body_size/);
});

test('certificates: a private authority, another host name, a client certificate, http and https confused', {
  skip: noNginx,
}, async () => {
  const [http, tls, mutual, other] = ports;
  const client = { clientCert: file('client.pem'), clientKey: file('client.key') };
  const [unknown = ''] = await outcomesOf([[`https://localhost:${tls}/v1`, {}]]);
  const calls: TlsCall[] = [
    [`https://localhost:${tls}/v1`, {}],
    [`https://localhost:${other}/v1`, {}],
    [`https://localhost:${mutual}/v1`, {}],
    [`https://localhost:${mutual}/v1`, client],
    [`http://localhost:${tls}/v1`, {}],
    [`https://localhost:${http}/v1`, {}],
  ];
  // The variable is read when a process starts.
  const args = [...scriptArgs(path.join(import.meta.dirname, 'tlsChild.ts')), JSON.stringify(calls)];
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: file('ca.pem') };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 30_000 });
  const [ok, wrongHost, noClient, withClient, plain, secure] = JSON.parse(stdout) as string[];
  assert.match(
    unknown ?? '',
    /signed by an authority that is not known here[\s\S]*NODE_EXTRA_CA_CERTS to the path of a PEM file/,
  );
  assert.equal(ok, 'ok');
  assert.match(wrongHost ?? '', /its certificate is for another host name/);
  assert.match(
    noClient ?? '',
    /requires a client certificate, and none was sent[\s\S]*files with clientCert \(--client-cert\) and clientKey/,
  );
  assert.equal(withClient, 'ok');
  assert.match(plain ?? '', /it expects https at this port/);
  assert.match(secure ?? '', /it does not use TLS at this port/);
});
