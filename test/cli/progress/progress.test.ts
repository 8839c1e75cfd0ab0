import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test, { type TestContext } from 'node:test';
import stringWidth from 'string-width';
import { fitText } from '../../../src/cli/progress/fitText.js';
import { messageView, openProgressDisplay } from '../../../src/cli/progress/progressDisplay.js';
import { formatEta, runTable } from '../../../src/cli/progress/runTable.js';
import type { RunView } from '../../../src/cli/progress/runView.js';
import { say } from '../../../src/cli/progress/terminal.js';
import type { RunProgress } from '../../../src/pipeline/progress.js';

const reject = { stage: 'doc2query', reason: `拒绝回答：${'潮汐'.repeat(100)}\u001b[2J\nBe gone`, record: {} };
const stage = {
  taken: 0,
  given: 0,
  rejected: 0,
  extra: 0,
  inFlight: 0,
  workSeconds: 0,
  perSecond: 0,
  lastReject: undefined,
};
const run: RunProgress = {
  in: 60,
  out: 40,
  rejected: 5,
  extra: 0,
  pending: 15,
  stages: [
    { ...stage, name: 'doc2query', taken: 55, given: 40, inFlight: 15, perSecond: 2.04 },
    { ...stage, name: 'reason_distill', taken: 1_234_567, given: 1_200_000, rejected: 12, perSecond: 1234 },
  ],
  lastReject: reject,
  seconds: 20,
  perSecond: 2,
  share: 0.6,
  eta: { low: 210, mid: 250, high: 290 },
};
const total = {
  ...{
    calls: 90,
    failedCalls: 0,
    cachedCalls: 0,
    savedTokens: 0,
    attempts: 95,
    attemptSeconds: 290,
    failedAttempts: 5,
  },
  ...{ promptTokens: 1_000_000, completionTokens: 230_000, cachedTokens: 0, reasoningTokens: 0, estimatedTokens: 0 },
  ...{
    reportedCostUsd: 0,
    cappedAnswers: 0,
    unknownAttempts: 0,
    cutOffPrompts: 0,
    unpricedTokens: 0,
    costUsd: '1.23456789',
  },
};
const usage: RunView['usage'] = {
  ...{ total, byStage: {}, inFlight: 12, peakInFlight: 16, waiting: 9, busySeconds: 300, concurrency: 16 },
  recent: { tokensPerSecond: 4567, inFlight: 15.5 },
  budgets: [{ unit: 'usd', cap: '$5', spent: '$1.23456789' }],
  holds: [{ host: 'api.example.com', reason: 'it answered 429', seconds: 11.2 }],
};
const view = { run, usage };

test('a run is a table of its stages, with the model, its spending, its waits and the latest reject below', () => {
  const lines = runTable(view)
    .lines(79)
    .map(({ text }) => fitText(text, 79));
  assert.deepEqual(lines, [
    '████████████░░░░░░░░  60 %, 20 s, ETA 4m 00s ± 30 s',
    '                        in      done  per s under way rejects',
    '  doc2query             55        40    2.0        15       0',
    '  reason_distill 1,234,567 1,200,000  1.23K         0      12',
    '  run                   60        40    2.0        15       5',
    '  model    12 of 16 calls in flight, 96 % busy, 9 waiting',
    '  used     1.23M tokens, 4.57K/s, $1.2345 of $5',
    '  waiting  12 s for api.example.com: it answered 429',
    '  reject   doc2query: 拒绝回答：潮汐潮汐潮汐潮汐潮汐潮汐潮汐潮汐潮汐潮汐潮汐潮…',
  ]);
});

test('no line is wider than the terminal, and if that is narrow the table gives up columns', () => {
  for (const columns of [10, 20, 39, 60, 119]) {
    for (const { text } of runTable(view).lines(columns)) {
      assert.ok(stringWidth(fitText(text, columns)) <= columns, `${columns}: ${text}`);
    }
  }
  const [, head, row] = runTable(view).lines(39);
  assert.equal(head?.text, '                      done rejects');
  assert.equal(row?.text, '  doc2query             40       0');
});

test('text of a server can neither break a line nor move the cursor', () => {
  assert.equal(fitText('a\u001b[2J\r\nb\u202ec', 80), 'a [2J b c');
  assert.equal(fitText('潮汐潮汐', 7), '潮汐潮…');
  assert.equal(fitText('潮汐潮汐', 8), '潮汐潮汐');
});

test('a time is rounded to its precision', () => {
  assert.equal(formatEta({ low: 249.9, mid: 250, high: 250.1 }), '4m 10s ± 1 s');
  assert.equal(formatEta({ low: 40, mid: 250, high: 480 }), '4m 00s ± 4m 00s');
  assert.equal(formatEta({ low: 4, mid: 8, high: 95 }), '4 s to 1m 30s');
  assert.equal(formatEta({ low: 200, mid: 900 }), 'over 3m 00s');
});

const esc = String.fromCharCode(27);

/** Sets a variable of the environment for a test. */
function setEnv(t: TestContext, name: string, value: string) {
  const { [name]: before } = process.env;
  process.env[name] = value;
  t.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

function terminal(t: TestContext, columns: number, kind = 'xterm') {
  setEnv(t, 'TERM', kind);
  const screen = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 24 });
  let drawn = '';
  screen.on('data', (data) => {
    drawn += data;
  });
  return {
    stream: screen as unknown as typeof process.stderr,
    drawn: async () => {
      await new Promise(setImmediate);
      return drawn;
    },
  };
}

test('on a terminal lines are redrawn in place, and messages stay above them', async (t) => {
  const { stream, drawn } = terminal(t, 40);
  const display = await openProgressDisplay({ stream });
  display.show(runTable(view));
  say('said in between');
  display.show(runTable(view));
  display.end();
  const written = await drawn();
  const lines = runTable(view).lines(39).length;
  assert.equal(
    written.split(`${esc}[${lines}F`).length - 1,
    3,
    'for what is said, for the second time, and at the end',
  );
  assert.match(written, /said in between\n/);
  for (const line of written.replaceAll(new RegExp(`${esc}\\[[?\\d;]*[a-zA-Z]`, 'g'), '').split('\n')) {
    assert.ok(stringWidth(line) < 40, line);
  }
  assert.ok(written.endsWith(`${esc}[${lines}F${esc}[J`), 'nothing is left of it');
});

test('colours are left out if NO_COLOR is set', async (t) => {
  const colored = new RegExp(`${esc}\\[\\d+m`);
  for (const [value, wanted] of [
    ['', true],
    ['1', false],
  ] as const) {
    setEnv(t, 'NO_COLOR', value);
    const { stream, drawn } = terminal(t, 80);
    const display = await openProgressDisplay({ stream });
    display.show(runTable(view));
    display.end();
    assert.equal(colored.test(await drawn()), wanted);
  }
});

test('progress is a plain line in a pipe, and on a terminal that cannot move its cursor', async (t) => {
  const display = await openProgressDisplay({ stream: new PassThrough() as unknown as typeof process.stderr });
  assert.equal(display.intervalMs, 10_000);
  assert.equal((await openProgressDisplay({ stream: terminal(t, 80, 'dumb').stream })).intervalMs, 10_000);
  assert.match(
    runTable(view).line(),
    /^60 %, 20 s, ETA 4m 00s ± 30 s, 60 in, 40 out, 5 rejects, 2\.0\/s, doc2query 40 > reason_distill 1,200,000, 12 of 16 calls/,
  );
  assert.equal(messageView('indexing', 0.5).line(), '50 %, indexing');
});
