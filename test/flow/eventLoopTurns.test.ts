import assert from 'node:assert/strict';
import test from 'node:test';
import { Turns } from '../../src/flow/eventLoopTurns.js';

test('callers go on in their order, each in a turn of its own', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const caller = async (name: string) => {
    await turns.next();
    log.push(name);
    setImmediate(() => log.push(`after ${name}`));
  };
  await Promise.all(['a', 'b', 'c'].map(caller));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    log.filter((entry) => !entry.startsWith('after')),
    ['a', 'b', 'c'],
  );
  assert.ok(log.indexOf('after a') < log.indexOf('c'), log.join());
  await turns.next();
});
