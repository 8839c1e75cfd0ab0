import assert from 'node:assert/strict';
import test from 'node:test';
import { serviceTime } from '../../src/standIn/chance.js';
import { chooseFault, faultNames } from '../../src/standIn/faults.js';
import { startStandIn } from '../../src/standIn/server.js';

const post = (baseUrl: string, body: object) =>
  fetch(`${baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) });
const messages = (i: number) => [{ role: 'user', content: `record ${i}` }];

test('what befalls a record does not depend on the order of arrival', async () => {
  const faults = { http500: 0.3, bad400: 0.3 };
  const run = async (order: number[]) => {
    const server = await startStandIn({ faults, seed: 7 });
    for (const i of order) await (await post(server.baseUrl, { messages: messages(i) })).text();
    const seen = server.ledger.calls.map(({ key, callNumber, fault }) => `${key} ${callNumber} ${fault}`);
    await server.close();
    return seen.sort();
  };
  const order = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2];
  assert.deepEqual(await run(order), await run([...order].reverse()));
});

test('faults come at their rates, and differ from call to call of one record', () => {
  const rates = { http500: 0.1, blank: 0.05 };
  const drawn = Array.from({ length: 20_000 }, (_, i) => chooseFault(rates, 1, `key ${i % 2000}`, 1 + (i % 9)));
  const share = (name: string) => drawn.filter((fault) => fault === name).length / drawn.length;
  assert.ok(Math.abs(share('http500') - 0.1) < 0.02, String(share('http500')));
  assert.ok(Math.abs(share('blank') - 0.05) < 0.015, String(share('blank')));
  assert.equal(new Set(faultNames).size, faultNames.length);
});

test('service times are log-normal around their median', () => {
  const times = Array.from({ length: 5000 }, (_, i) => serviceTime(100, 0.8, 1, `key ${i}`, 1)).sort((a, b) => a - b);
  assert.ok(Math.abs((times[2500] ?? 0) - 100) < 6, String(times[2500]));
  const spread = Math.log((times[4200] ?? 0) / (times[2500] ?? 1));
  assert.ok(Math.abs(spread - 0.8) < 0.08, String(spread));
});

test('it streams where asked to, lists its model and knows no other address', async () => {
  const server = await startStandIn();
  const stream = await (await post(server.baseUrl, { messages: messages(1), stream: true })).text();
  assert.match(stream, /^data: \{.*"delta".*\}\n\ndata: \[DONE\]\n\n$/s);
  const list = (await (await fetch(`${server.baseUrl}/models`)).json()) as { data: unknown[] };
  assert.equal(list.data.length, 1);
  assert.equal((await fetch(`${server.baseUrl}/nothing`)).status, 404);
  await server.close();
});
