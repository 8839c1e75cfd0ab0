import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Ledger } from '../../../src/standIn/http/ledger.js';
import { about, post, standInFor } from '../../support/askStandIn.js';

test('the sums of the ledger are those of its calls', async (t) => {
  const faults = { http500: 0.2, missingUsage: 0.1, resetBefore: 0.1, rate429: 0.1 };
  const server = await standInFor(t, { faults, medianMs: 5, sigma: 0.8 });
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      post(server, about(i % 150)).then(
        (r) => r.text(),
        () => {},
      ),
    ),
  );
  while (server.ledger.inFlight > 0) await delay(5);
  const { calls } = server.ledger;
  const sums = server.ledger.sums();
  const told = calls.filter((call) => call.told);
  const total = (key: 'promptTokens' | 'completionTokens') => told.reduce((sum, call) => sum + call[key], 0);
  assert.deepEqual([sums.calls, sums.records], [200, 150]);
  assert.deepEqual([sums.promptTokens, sums.completionTokens], [total('promptTokens'), total('completionTokens')]);
  assert.equal(sums.untoldCalls, 200 - told.length);
  assert.equal(sums.faults.http500, calls.filter(({ fault }) => fault === 'http500').length);
  assert.equal(sums.statuses.none, calls.filter(({ status }) => status === undefined).length);
  assert.equal(sums.peakInFlight, Math.max(...calls.map(({ inFlight }) => inFlight)));
  const busyMs = calls.reduce((sum, { startMs, endMs = 0 }) => sum + endMs - startMs, 0);
  assert.ok(Math.abs(sums.busyMs - busyMs) < 1e-3 * busyMs + 0.01, `${sums.busyMs} ${busyMs}`);
});

test('the ledger keeps only the latest calls, and counts all', () => {
  for (const keepCalls of [0, 10]) {
    const ledger = new Ledger({ keepCalls });
    for (let i = 0; i < 1000; i++) ledger.end(ledger.open(undefined));
    assert.equal(ledger.sums().calls, 1000);
    assert.ok(ledger.calls.length <= 2 * keepCalls && ledger.calls.length >= keepCalls);
    if (keepCalls > 0) assert.equal(ledger.calls.at(-1)?.index, 999);
  }
});

test('utilisation is busy slots over all slots, until the last record came', async () => {
  const ledger = new Ledger();
  const [first, second] = [ledger.open(undefined), ledger.open(undefined)];
  ledger.name(first, 'a', 1);
  ledger.name(second, 'b', 1);
  await delay(20);
  ledger.end(second);
  await delay(20);
  const third = ledger.open(undefined);
  ledger.name(third, 'c', 1);
  const atLast = ledger.utilisation(4);
  await delay(20);
  assert.equal(ledger.utilisation(4), atLast, 'what comes after the last record counts no more');

  const { lastRecordMs } = ledger.sums();
  const busyMs = lastRecordMs - first.startMs + ((second.endMs ?? 0) - second.startMs) + lastRecordMs - third.startMs;
  const expected = busyMs / (4 * (lastRecordMs - first.startMs));
  assert.ok(Math.abs(atLast - expected) < 1e-9, `${atLast} ${expected}`);
  assert.ok(Math.abs(ledger.utilisation(4, lastRecordMs) - expected) < 1e-9);
  assert.equal(new Ledger().utilisation(4), 0);
  const forgetful = new Ledger({ keepCalls: 0 });
  for (let i = 0; i < 3; i++) forgetful.end(forgetful.open(undefined));
  assert.throws(() => forgetful.utilisation(4, forgetful.now() + 1), /only the latest calls/);
});

test('a call in the second half of a hold is noticed, one in the first is not', async () => {
  const ledger = new Ledger();
  ledger.hold(60_000);
  ledger.open(undefined);
  assert.deepEqual(ledger.callsInHolds(), []);
  ledger.hold(400);
  await delay(220);
  const late = ledger.open(undefined);
  // On a machine that slept through the rest of the hold there is nothing to notice.
  assert.deepEqual(ledger.callsInHolds(), late.startMs < 400 ? [late] : []);
  assert.equal(ledger.sums().callsInHolds, ledger.callsInHolds().length);
});

test('another process can read the sums over HTTP', async (t) => {
  const server = await standInFor(t);
  await (await post(server, about(1))).text();
  await (await post(server, about(2))).text();
  const address = `${server.baseUrl.replace('/v1', '')}/stand-in/ledger`;
  const sums = (await (await fetch(address)).json()) as Record<string, unknown>;
  assert.deepEqual([sums.calls, sums.records, sums.statuses], [2, 2, { 200: 2 }]);
  const { utilisation } = (await (await fetch(`${address}?slots=4`)).json()) as { utilisation: number };
  assert.ok(utilisation > 0 && utilisation <= 0.25, String(utilisation));
});
