import assert from 'node:assert/strict';
import test from 'node:test';
import { EventLoopTurns } from '../../src/flow/eventLoopTurns.js';

test('callers continue in their order, each in its own turn of the event loop', async () => {
  const turns = new EventLoopTurns();
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
