import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageError } from '../../../src/errors.js';
import {
  checkFaults,
  chooseFault,
  type FaultName,
  faultNames,
  passingFaults,
  spreadOver,
} from '../../../src/standIn/faults/faults.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { about, post } from '../../support/askStandIn.js';

test('faults come at their rates, and differ from call to call of one record', () => {
  const rates = { http500: 0.1, blank: 0.05 };
  const drawn = Array.from({ length: 20_000 }, (_, i) => chooseFault(rates, 1, `key ${i % 2000}`, 1 + (i % 9)));
  const share = (name: string) => drawn.filter((fault) => fault === name).length / drawn.length;
  assert.ok(Math.abs(share('http500') - 0.1) < 0.02, String(share('http500')));
  assert.ok(Math.abs(share('blank') - 0.05) < 0.015, String(share('blank')));
  assert.equal(new Set(faultNames).size, faultNames.length);
});

test('the order in which rates are given changes nothing', () => {
  const one = { http500: 0.3, bad400: 0.3 };
  const other = { bad400: 0.3, http500: 0.3 };
  const drawn = (rates: typeof one) => Array.from({ length: 500 }, (_, i) => chooseFault(rates, 1, `key ${i}`, 1));
  assert.deepEqual(drawn(one), drawn(other));
});

test('blankTwice blanks the next answer too', () => {
  const rates = { blankTwice: 0.2 };
  const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`).filter(
    (key) => chooseFault(rates, 1, key, 1) === 'blankTwice',
  );
  assert.ok(keys.length > 10);
  for (const key of keys) assert.equal(chooseFault(rates, 1, key, 2), 'blank');
});

test('an unknown fault is refused with the nearest name, and rates must be from 0 to 1', () => {
  const check = (rates: object) => () => checkFaults(rates);
  assert.throws(check({ htp500: 0.1 }), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /no fault is named "htp500"/);
    assert.match(error.hint ?? '', /did you mean http500\?/);
    return true;
  });
  assert.throws(check({ http500: 1.2 }), /the rate of http500 must be a number from 0 to 1, got 1\.2/);
  assert.throws(check({ http500: Number.NaN }), /must be a number from 0 to 1, got NaN/);
  assert.throws(check({ http500: 0.6, blank: 0.6 }), /must add up to 1 at most, got 1\.2/);
  checkFaults(spreadOver(passingFaults, 1));
});

const [system] = about(1).messages;
const longDocument = `<document>${'Glaciers carve valleys. '.repeat(250)}</document>`;
const longRequest = about(1, {
  messages: [system, { role: 'user', content: longDocument }],
  ...{ max_tokens: 400, response_format: { type: 'json_object' } },
});

/** All that a client can see of an answer. */
async function seen(fault: FaultName | undefined): Promise<string> {
  const server = await startStandIn({ script: () => fault, stallMs: 100 });
  try {
    const response = await post(server, longRequest);
    const headers = ['content-encoding', 'retry-after', 'retry-after-ms', 'x-should-retry', 'x-ratelimit-reset-tokens']
      .map((name) => response.headers.get(name))
      .join();
    const chunked = response.headers.get('content-length') === null;
    return `${response.status} ${headers} ${chunked} ${await response.text()}`;
  } catch (error) {
    return `${(error as Error).message} ${((error as Error).cause as Error | undefined)?.message}`;
  } finally {
    await server.close();
  }
}

test('every fault differs from a plain answer', async () => {
  const plain = await seen(undefined);
  const asPlain = new Set<FaultName>(['bareJson', 'stall']); // JSON mode is bare anyway; a stall shows only in its time
  const sights = await Promise.all(faultNames.map(async (name) => ({ name, sight: await seen(name) })));
  const alike = sights.filter(({ name, sight }) => sight === plain && !asPlain.has(name)).map(({ name }) => name);
  assert.deepEqual(alike, []);
});

test('a stall is a plain answer that takes long', async () => {
  const server = await startStandIn({ script: () => 'stall', stallMs: 100 });
  assert.equal((await post(server, about(1))).status, 200);
  const [call] = server.ledger.calls;
  assert.ok((call?.endMs ?? 0) - (call?.startMs ?? 0) > 95);
  await server.close();
});
