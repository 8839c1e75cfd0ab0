import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { describeRun, progressDisplay } from '../../src/cli/progress.js';
import { say } from '../../src/cli/terminal.js';
import type { RunProgress } from '../../src/pipeline/tally.js';

const run: RunProgress = {
  in: 60,
  out: 40,
  rejected: 5,
  extra: 0,
  pending: 15,
  stages: [{ name: 'doc2query', taken: 55, given: 40, rejected: 0, extra: 0, inFlight: 15 }],
  lastReject: undefined,
  seconds: 20,
};

test('what was read and is still pending does not count as done', () => {
  const [lines, share] = describeRun({ run, readShare: 0.8 });
  assert.equal(share?.toFixed(2), '0.60');
  assert.deepEqual(lines, ['60 in, 40 out, 5 rejects, 2/s, ETA 13 s', '  doc2query: 40 done, 15 under way']);
});

test('where the whole is not known, the time so far stands for the time to come', () => {
  const [lines, share] = describeRun({ run });
  assert.equal(share, undefined);
  assert.match(lines[0] ?? '', /20 s$/);
});

test('on a terminal lines are redrawn within its width, what is said stays above them, and the cursor comes back', async () => {
  const screen = Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 40,
    cursorTo() {},
    moveCursor() {},
    clearLine() {},
  });
  let drawn = '';
  screen.on('data', (data) => {
    drawn += data;
  });
  const display = progressDisplay({ stream: screen as unknown as typeof process.stderr });
  display.show(...describeRun({ run, readShare: 0.8 }));
  say('said in between');
  display.show(...describeRun({ run, readShare: 0.8 }));
  display.end();
  await new Promise(setImmediate);
  assert.match(drawn, /████████████░░░░░░░░ 60 %/);
  assert.match(drawn, /said in between/);
  const esc = String.fromCharCode(27);
  assert.equal(drawn.split(`${esc}[?25l`).length, drawn.split(`${esc}[?25h`).length, 'hidden as often as shown');
  for (const line of drawn.replaceAll(new RegExp(`${esc}\\[[?\\d;]*[a-zA-Z]`, 'g'), '').split(/[\r\n]+/)) {
    assert.ok(line.length <= 40, line);
  }
});

test('elsewhere nothing is redrawn', () => {
  const display = progressDisplay({ stream: new PassThrough() as unknown as typeof process.stderr });
  assert.equal(display.intervalMs, 10_000);
  display.end();
});
