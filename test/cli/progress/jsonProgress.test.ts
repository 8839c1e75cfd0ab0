import assert from 'node:assert/strict';
import test from 'node:test';
import type { JsonProgress } from '../../../src/cli/progress/progressJson.js';
import { printJson } from '../../../src/cli/progress/terminal.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

type Told = JsonProgress | { type: 'message'; message: string };

const told = (stderr: string): Told[] =>
  stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const progressIn = (lines: Told[]) => lines.filter((line) => line.type === 'progress');

test('--json-progress reports the run, its end and all else in JSON, one object a line', async (t) => {
  const cwd = workFolder(t);
  const documents = Array.from(range(60), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` }));
  writeRecords(cwd, 'in.jsonl', [...documents, { id: 'blank', text: ' ' }]);
  const server = await startStandIn({ medianMs: 120, script: ({ index }) => (index === 5 ? 'refusal' : undefined) });
  t.after(() => server.close());
  const line = ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  const { code, stderr } = await runCommand([...line, '--concurrency', '4', '--json-progress'], { cwd });
  assert.equal(code, 0, stderr);
  const lines = told(stderr);
  const progress = progressIn(lines);
  assert.ok(progress.length >= 3, stderr);
  for (const { in: read, extra, out, rejected, pending, stages, model } of progress) {
    assert.equal(read + extra, out + rejected + pending);
    for (const { taken, extra, given, rejected, inFlight } of stages) {
      assert.equal(taken + extra, given + rejected + inFlight);
    }
    assert.ok(model !== null && model.inFlight <= model.concurrency && model.concurrency === 4);
    assert.ok(model.busyShare >= 0 && model.busyShare <= 1);
  }
  const last = progress.at(-1) as JsonProgress;
  assert.deepEqual(
    progress.map(({ state }) => state),
    [...progress.slice(1).map(() => 'running'), 'done'],
  );
  assert.deepEqual([last.in, last.out, last.rejected, last.share, last.reason], [61, 59, 2, 1, null]);
  assert.equal(last.model?.total.attempts, 60);
  const [stage] = last.stages;
  assert.equal(stage?.rejected, 2);
  assert.ok(stage.workSeconds > 1 && stage.workSeconds < last.seconds, `${stage.workSeconds} s`);
  assert.match(`${stage?.lastReject?.reason}`, /"text" is blank/);
  assert.equal(last.lastReject?.id, 'blank');
  assert.ok(lines.some((one) => one.type === 'message' && one.message.startsWith('done in')));
});

test('--json-progress reports why a run stopped, and errors of usage, in JSON too', async (t) => {
  const cwd = workFolder(t);
  writeRecords(cwd, 'in.jsonl', [{ text: 'Tides.' }, { text: 'Ice.' }]);
  const server = await startStandIn({ quotaGoneAtCall: 2 });
  t.after(() => server.close());
  const line = ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl];
  const stopped = await runCommand([...line, '--concurrency', '1', '--json-progress'], { cwd });
  assert.equal(stopped.code, 4, stopped.stderr);
  const last = progressIn(told(stopped.stderr)).at(-1) as JsonProgress;
  assert.deepEqual([last.state, last.out, last.pending, last.etaSeconds], ['stopped', 1, 1, null]);
  assert.match(`${last.reason}`, /no credit or quota is left/);
  const { code, stderr } = await runCommand([...line, '--nonsense', '--json-progress'], { cwd });
  assert.equal(code, 2);
  assert.deepEqual(told(stderr), [{ type: 'message', message: "unknown option '--nonsense'" }]);
});

test('JSON on stdout has the values of records, and no character that a terminal acts on', (t) => {
  const value = { key: 'a\u001b[2J\u202e\u009b31m\u2028', 'k\u0085': ['\u0007'] };
  let printed = '';
  t.mock.method(process.stdout, 'write', (text: string) => {
    printed += text;
    return true;
  });
  printJson(value);
  t.mock.restoreAll();
  assert.deepEqual(JSON.parse(printed), value);
  assert.match(printed, /^[\x20-\x7e]+\n$/);
});
