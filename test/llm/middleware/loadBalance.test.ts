import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ModelError, RejectError, UsageError } from '../../../src/errors.js';
import { createModel, type ModelOptions, type RareflowModel } from '../../../src/llm/createModel.js';
import { type StandIn, type StandInOptions, startStandIn } from '../../../src/standIn/http/server.js';
import { ask, quick } from '../../support/standInModel.js';

/** Runs a test between a model and a stand-in for each of the options. */
async function withStandIns(
  servers: StandInOptions[],
  modelOptions: Partial<ModelOptions>,
  body: (parts: { model: RareflowModel; servers: StandIn[]; notices: string[] }) => Promise<void>,
) {
  const started = await Promise.all(
    servers.map((options) => startStandIn({ keepCalls: Number.POSITIVE_INFINITY, ...options })),
  );
  const notices: string[] = [];
  const baseUrl = started.map((server) => server.baseUrl);
  const onNotice = (notice: string) => notices.push(notice);
  const model = createModel({ ...quick, probeDelayMs: 20, baseUrl, onNotice, ...modelOptions });
  try {
    await body({ model, servers: started, notices });
  } finally {
    await model.close();
    await Promise.all(started.map((server) => server.close()));
  }
}

const many = (model: RareflowModel, count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => model.complete(ask(i))));
const callsOf = (servers: StandIn[]) => servers.map(({ ledger }) => ledger.calls.length);

test('calls go to the server with the fewest in flight, and all servers together stay under the concurrency', async () => {
  await withStandIns([{ medianMs: 50 }, { medianMs: 400 }], { concurrency: 8 }, async ({ model, servers }) => {
    await many(model, 8);
    assert.deepEqual(callsOf(servers), [4, 4], 'all at once');
    await many(model, 100);
    const [fast = 0, slow = 0] = callsOf(servers);
    assert.equal(fast + slow, 108);
    assert.ok(fast > 1.5 * slow, `${fast} and ${slow} calls`);
    assert.equal(model.usage().peakInFlight, 8);
  });
});

test('a server whose rate is used up does not keep calls from the others', async () => {
  // The second takes 1 call in 0.5 s: one call waits for it, the rest go to the first.
  const rates = { requestsPerMinute: 120, burstSeconds: 0.5 };
  await withStandIns([{}, rates], { concurrency: 4 }, async ({ model, servers }) => {
    const startedMs = performance.now();
    await many(model, 60);
    assert.ok(performance.now() - startedMs < 5000);
    assert.ok((servers[0]?.ledger.calls.length ?? 0) > 40);
  });
});

test('a server that goes down loses its calls to the others, is probed, and has calls again when it is back', async () => {
  const outage = { fromMs: 0, untilMs: 1200 };
  await withStandIns(
    [{ medianMs: 3 }, { medianMs: 3, outage }],
    { concurrency: 8 },
    async ({ model, servers, notices }) => {
      await many(model, 200);
      const during = servers[1]?.ledger.calls.filter(({ startMs }) => startMs < outage.untilMs).length ?? 0;
      assert.ok(during < 20, `${during} calls to the server that was down`);
      assert.ok(notices.some((notice) => /most calls fail: one at a time is tried until one succeeds/.test(notice)));
      const back = () => servers[1]?.ledger.calls.some(({ status }) => status === 200);
      for (let i = 0; i < 200 && !back(); i++) {
        await many(model, 10);
        await delay(20);
      }
      assert.ok(back(), 'the server was never called again');
    },
  );
});

test('a server that nobody listens at does not stop the run', async () => {
  const dead = await startStandIn();
  await dead.close();
  await withStandIns([{}], { concurrency: 4 }, async ({ servers }) => {
    const baseUrl = [dead.baseUrl, servers[0]?.baseUrl ?? ''];
    const model = createModel({ ...quick, baseUrl, probeDelayMs: 20 });
    assert.equal((await many(model, 50)).length, 50);
    await model.close();
  });
});

test('a key that one server refuses closes that one only, and every call is made', async () => {
  const servers = [{ medianMs: 2 }, { medianMs: 2, apiKey: 'sk-another-key' }];
  await withStandIns(servers, { concurrency: 8 }, async ({ model, servers: [, refusing], notices }) => {
    assert.equal((await many(model, 100)).length, 100);
    assert.equal(notices.length, 1);
    assert.match(
      notices[0] ?? '',
      /^401 from 127\.0\.0\.1:\d+: .* refused; the calls to 127\.0\.0\.1:\d+ go to the other/,
    );
    const calls = refusing?.ledger.calls.length ?? 0;
    assert.ok(calls <= 8, `${calls} calls to the server that refused`);
  });
});

test('each server is sent its own key', async () => {
  const keys = ['sk-key-of-one', 'sk-key-of-two'];
  const servers = keys.map((apiKey) => ({ apiKey, medianMs: 2 }));
  await withStandIns(servers, { apiKey: keys, concurrency: 4 }, async ({ model, servers: started }) => {
    await many(model, 20);
    for (const { ledger } of started) assert.ok(ledger.calls.every(({ status }) => status === 200));
    assert.ok(callsOf(started).every((count) => count > 0));
  });
});

test('the last server that stops stops the run', async () => {
  const servers = [{ apiKey: 'sk-another-key' }, { quotaGoneAtCall: 20 }];
  await withStandIns(servers, { concurrency: 4 }, async ({ model }) => {
    const results = await Promise.allSettled(Array.from({ length: 60 }, (_, i) => model.complete(ask(i))));
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    assert.ok(reasons.length > 0 && reasons.every((reason) => reason instanceof ModelError));
    assert.match(String(reasons.at(-1)), /no credit or quota is left/);
  });
});

test('a record that one server rejects is not sent to another', async () => {
  const script = () => 'contentFilter400' as const;
  await withStandIns([{ script }, { script }], {}, async ({ model, servers }) => {
    await assert.rejects(model.complete(ask()), RejectError);
    assert.equal(
      callsOf(servers).reduce((a, b) => a + b),
      1,
    );
  });
});

test('the number of keys must equal the number of servers', () => {
  const baseUrl = ['http://localhost:1/v1', 'http://localhost:2/v1'];
  assert.throws(
    () => createModel({ model: 'm', baseUrl, apiKey: ['a', 'b', 'c'] }),
    (error) => error instanceof UsageError && /2 base URLs, but 3 keys/.test(error.message),
  );
});

test('a drained model turns away calls that wait, for whatever reason, and lets those in flight end well', async () => {
  const script = ({ index }: { index: number }) => (index === 0 ? 'http500' : undefined);
  const waits = { concurrency: 4, requestsPerMinute: 60, baseDelayMs: 60_000, random: () => 1 };
  await withStandIns([{ script, medianMs: 500 }], waits, async ({ model, servers: [server] }) => {
    const calls = Promise.allSettled(Array.from({ length: 12 }, (_, i) => model.complete(ask(i))));
    // One has failed and pauses, one is in flight, two wait for permits and eight for slots.
    while ((server?.ledger.calls.length ?? 0) < 2) await delay(5);
    while (server?.ledger.calls[0]?.endMs === undefined) await delay(5);
    const sent = server.ledger.calls.length;
    model.drain();
    const results = await calls;
    assert.equal(server.ledger.calls.length, sent);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, sent - 1);
    for (const result of results) assert.ok(result.status === 'fulfilled' || result.reason instanceof ModelError);
  });
});

test('limits that a server reports in its headers pace calls before any 429', async () => {
  const limits = { requestsPerMinute: 1200, burstSeconds: 2 };
  await withStandIns([limits], { concurrency: 8 }, async ({ model, servers: [server] }) => {
    await many(model, 70);
    assert.deepEqual(server?.ledger.sums().statuses, { 200: 70 });
  });
});

test('tokens that a server reports to be nearly used up are waited for', async () => {
  // Every call reserves 200 tokens and more; a full bucket holds 1,000.
  const limits = { tokensPerMinute: 30_000, burstSeconds: 2 };
  await withStandIns([limits], { concurrency: 3 }, async ({ model, servers: [server] }) => {
    await many(model, 12);
    const { statuses } = server?.ledger.sums() ?? {};
    assert.equal(statuses?.['200'], 12);
    assert.ok((statuses?.['429'] ?? 0) <= 2, `${statuses?.['429']} calls were refused`);
  });
});

test('adaptive concurrency begins low and rises if that brings more tokens', async () => {
  await withStandIns([{ medianMs: 20 }], { concurrency: 64, adaptiveConcurrency: true }, async ({ model, servers }) => {
    await many(model, 500);
    const inFlight = servers[0]?.ledger.calls.map((call) => call.inFlight) ?? [];
    assert.ok(Math.max(...inFlight.slice(0, 30)) <= 8);
    assert.ok(Math.max(...inFlight) > 8, 'it never rose');
    assert.ok(Math.max(...inFlight) <= 64);
  });
});
