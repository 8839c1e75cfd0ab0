// Question: what is lost, written twice or paid twice when a run is killed again and again, and when its environment fails?
// Fair because: the processes are the real command, killed by SIGKILL after a seeded number of calls, when a commit reaches
// the disk, and at the rename at the end. The final output must equal that of an undisturbed run, byte for byte (line for
// line if the order is not kept) except for what the server and the cache report about themselves, or the bench fails. Two
// fifths of the kills hit an ordered run, two fifths an unordered one, both without an answer cache; a fifth a run with one.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startStandIn } from '../src/standIn/http/server.js';
import { chainArgs, crashRun, runOrKill, writeCorpus } from '../test/support/crash.js';

const [kills = 100, records = 5000] = process.argv.slice(2).map(Number);
const concurrency = 32;
const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-crash-'));
const report = (scenario: string, figures: object) =>
  console.log(JSON.stringify({ bench: 'crash', scenario, ...figures }));

execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
try {
  const common = { program: 'chain', folder, records, concurrency } as const;
  for (const [name, options] of Object.entries({
    ordered: { ordered: true, seed: 1, kills: Math.ceil(kills * 0.4) },
    unordered: { ordered: false, seed: 2, kills: Math.ceil(kills * 0.4) },
    cached: { ordered: true, seed: 3, kills: Math.ceil(kills * 0.2), cache: true },
  })) {
    mkdirSync(path.join(folder, name));
    const figures = await crashRun({ ...common, ...options, folder: path.join(folder, name) });
    const repeatedPerKill = Number((figures.repeatedCalls / figures.kills).toFixed(1));
    report(`SIGKILL, ${name}`, { records, concurrency, ...figures, repeatedPerKill });
  }
  await fullDisk();
  await closedStdout();
  await restartedServer();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The disk of the output is too small; then it grows. */
async function fullDisk(): Promise<void> {
  const disk = path.join(folder, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    report('full disk', { skipped: 'no permission to mount a tmpfs' });
    return;
  }
  const server = await startStandIn();
  try {
    writeCorpus(folder, 3000);
    const args = chainArgs(server.baseUrl, { corpus: '../corpus.jsonl', index: '../disk.bm25', concurrency });
    const full = await runOrKill(args('out.jsonl'), disk);
    assert.equal(full.code, 4, full.stderr);
    assert.match(full.stderr, /the disk is full/);
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    const calls = server.ledger.calls.length;
    const rest = await runOrKill(args('out.jsonl'), disk);
    assert.equal(rest.code, 0, rest.stderr);
    const whole = await runOrKill(args('whole.jsonl'), disk);
    assert.equal(whole.code, 0, whole.stderr);
    const texts = ['out.jsonl', 'whole.jsonl'].map((name) => readFileSync(path.join(disk, name), 'utf8'));
    const [made, expected] = texts.map((text) => text.replace(/"cachedTokens":\d+,?/g, ''));
    assert.equal(made, expected);
    const said = full.stderr.split('\n').find((line) => line.includes('the disk is full'));
    report('full disk', { records: 3000, callsBeforeItWasFull: calls, said });
  } finally {
    await server.close();
    execFileSync('umount', [disk]);
  }
}

/** Nobody reads stdout or stderr any more: a run that writes to a file continues. */
async function closedStdout(): Promise<void> {
  const server = await startStandIn({ medianMs: 4 });
  writeCorpus(folder, 500);
  const args = chainArgs(server.baseUrl, { corpus: 'corpus.jsonl', index: 'closed.bm25', concurrency });
  const [program = '', ...rest] = args('closed.jsonl');
  const child = spawn(process.execPath, [program, ...rest], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  child.stderr.destroy();
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0);
  const lines = readFileSync(path.join(folder, 'closed.jsonl'), 'utf8').split('\n').length - 1;
  assert.equal(lines, 500);
  await server.close();
  report('stdout and stderr closed', { records: 500, out: lines, code });
}

/** The server dies in the middle of the run and is back 3 s later: the records rejected meanwhile are retried. */
async function restartedServer(): Promise<void> {
  let server = await startStandIn({ medianMs: 8 });
  const port = Number(new URL(server.baseUrl).port);
  writeCorpus(folder, 2000);
  const args = chainArgs(server.baseUrl, { corpus: 'corpus.jsonl', index: 'restarted.bm25', concurrency });
  let sessions = 0;
  const dying = setInterval(() => {
    if (server.ledger.calls.length < 1000) return;
    clearInterval(dying);
    void server.close().then(() =>
      setTimeout(async () => {
        server = await startStandIn({ medianMs: 8, port });
      }, 3000),
    );
  }, 5);
  for (let code: number | undefined = 4; code === 4; sessions++) {
    const session = await runOrKill(args('restarted.jsonl'), folder);
    code = session.code;
    assert.ok(code === 0 || code === 4, session.stderr);
  }
  const rejects = path.join(folder, 'restarted.rejects.jsonl');
  const rejected = existsSync(rejects) ? readFileSync(rejects, 'utf8').split('\n').length - 1 : 0;
  const retried = await runOrKill([...args('restarted.jsonl'), '--retry-rejects'], folder);
  assert.match(retried.stderr, /2,000 in = 2,000 out .* 0 rejects/);
  const corpus = readFileSync(path.join(folder, 'corpus.jsonl'), 'utf8');
  const ids = (text: string) => [...text.matchAll(/^\{"id":"(\w+)"/gm)].map(([, id]) => id);
  assert.deepEqual(ids(readFileSync(path.join(folder, 'restarted.jsonl'), 'utf8')), ids(corpus));
  await server.close();
  report('server killed and restarted', { records: 2000, sessions, rejected, recovered: rejected });
}
