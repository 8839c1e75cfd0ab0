import assert from 'node:assert/strict';
import test from 'node:test';
import { offlineAnswer } from '../../../src/llm/offline/offlineModel.js';
import type { FaultName } from '../../../src/standIn/faults/faults.js';
import { ask, withStandIn } from '../../support/standInModel.js';

const readable: FaultName[] = ['gzip200', 'deflate200', 'br200'];
const unreadable: FaultName[] = ['unknownEncoding200', 'wrongEncoding200'];

for (const stream of [false, true]) {
  test(`answers in encodings that nobody asked for are read, ${stream ? 'streamed' : 'whole'}, and unreadable ones asked for again`, async () => {
    const faults = [...readable, ...unreadable];
    const script = ({ index }: { index: number }) => faults[index];
    await withStandIn({ script }, { concurrency: 1, stream }, async ({ model, ledger }) => {
      for (const i of readable.keys()) {
        const { text, attempts } = await model.complete(ask(i));
        assert.deepEqual([text, attempts], [offlineAnswer(ask(i).messages), 1]);
      }
      const last = await model.complete(ask(9));
      assert.deepEqual([last.text, last.attempts], [offlineAnswer(ask(9).messages), 3]);
      assert.deepEqual(
        ledger.calls.map(({ fault, told }) => [fault, told]),
        [...readable.map((name) => [name, true]), ...unreadable.map((name) => [name, false]), [undefined, true]],
      );
      assert.equal(model.usage().total.unknownAttempts, 2);
    });
  });
}

test('a server that cuts prompts is noticed, and such answers are rejected if so asked', async () => {
  const long = (i: number) => ({
    messages: [{ role: 'user' as const, content: `<document>${'Ice melts. '.repeat(900 + i)}</document>` }],
  });
  const notices: string[] = [];
  const onNotice = (notice: string) => notices.push(notice);
  await withStandIn({ cutPromptsAt: 512 }, { onNotice }, async ({ model, ledger }) => {
    assert.equal((await model.complete(long(0))).promptCutOff, true);
    assert.equal((await model.complete(ask(0))).promptCutOff, undefined);
    assert.deepEqual(ledger.calls[0]?.promptTokens, 512);
    assert.equal(model.usage().total.cutOffPrompts, 1);
    assert.match(notices[0] ?? '', /cut prompts off: it read 512 tokens/);
  });
  const script = ({ index }: { index: number }) => (index < 2 ? ('cutPrompt' as const) : undefined);
  await withStandIn({ script }, { concurrency: 1, truncatedPrompts: 'reject' }, async ({ model, ledger }) => {
    await assert.rejects(model.complete(long(0)), /the server cut the prompt off/);
    // A short prompt fits into any context.
    assert.equal((await model.complete(ask(0))).text, offlineAnswer(ask(0).messages));
    assert.equal((await model.complete(long(1))).attempts, 1);
    assert.equal(ledger.calls.length, 3);
  });
});

test('a server that restarts loses no call, and refuses connections in between', async () => {
  const restart = { fromMs: 300, untilMs: 700 };
  await withStandIn({ restart, medianMs: 20 }, { concurrency: 4, maxAttempts: 2 }, async ({ model, ledger }) => {
    let i = 0;
    const loop = async () => {
      while (i < 20 || ledger.now() < restart.untilMs + 100) await model.complete(ask(i++));
    };
    await Promise.all(Array.from({ length: 4 }, loop));
    const during = ledger.calls.filter(({ startMs }) => startMs > restart.fromMs + 50 && startMs < restart.untilMs);
    assert.deepEqual(during, []);
    assert.ok(ledger.calls.some(({ startMs }) => startMs < restart.fromMs));
    assert.ok(ledger.calls.some(({ startMs }) => startMs >= restart.untilMs));
    assert.equal(model.usage().total.failedCalls, 0);
  });
});
