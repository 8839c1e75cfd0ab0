import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelError, RejectError } from '../../src/errors.js';
import { offlineAnswer } from '../../src/llm/offline/offlineModel.js';
import { ask, fine, free, passing, withStandIn } from '../support/standInModel.js';

const rejecting = ['moderation403', 'contentFilter400', 'contextLength400', 'bad400', 'flatVllm400', 'refusal'];

test('a call that pauses between attempts does not hold its slot', async () => {
  const script = ({ index }: { index: number }) => (index === 0 ? 'http500' : undefined);
  await withStandIn({ script }, { concurrency: 1, baseDelayMs: 200, random: () => 1 }, async ({ model, ledger }) => {
    const ended: string[] = [];
    const slow = model.complete(ask(0)).then(() => ended.push('slow'));
    const quickOnes = [1, 2, 3].map((i) => model.complete(ask(i)).then(() => ended.push('quick')));
    await Promise.all([slow, ...quickOnes]);
    assert.deepEqual(ended, ['quick', 'quick', 'quick', 'slow']);
    assert.ok(ledger.peakInFlight <= 1, `${ledger.peakInFlight} calls were in flight at once`);
  });
});

test('a fatal answer turns waiting calls away while those in flight end well', async () => {
  const script = ({ index }: { index: number }) => (index === 3 ? 'quota429' : undefined);
  await withStandIn({ script, medianMs: 30 }, { concurrency: 4 }, async ({ model, ledger }) => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => model.complete(ask(i))));
    const reasons = new Set(results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
    assert.equal(reasons.size, 1);
    assert.ok([...reasons][0] instanceof ModelError);
    assert.ok(ledger.calls.length <= 7, `${ledger.calls.length} calls`);
    const served = ledger.calls.filter(({ status }) => status === 200).length;
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, served);
  });
});

test('parameters that a model does not accept are learned once, reported once and replayed at no attempt', async () => {
  const notices: string[] = [];
  const options = { onNotice: (message: string) => notices.push(message), temperature: 0.2, maxAttempts: 1 };
  await withStandIn({ refuses: ['max_tokens', 'temperature'] }, options, async ({ model, ledger }) => {
    const completions = await Promise.all([0, 1, 2].map((i) => model.complete(ask(i))));
    assert.deepEqual(new Set(completions.map(({ attempts }) => attempts)), new Set([1]));
    const before = ledger.calls.length;
    await model.complete(ask(9));
    assert.equal(ledger.calls.length, before + 1);
    assert.deepEqual(ledger.calls.at(-1)?.parameters, { model: 'stand-in', max_completion_tokens: 200 });
    assert.equal(notices.length, 2);
    assert.match(notices[0] ?? '', /does not accept max_tokens: max_completion_tokens is sent from now on$/);
  });
});

test('through passing faults the answers are those of a run without faults', async () => {
  const faults = Object.fromEntries([...passing, ...free, 'drip'].map((name) => [name, 0.01]));
  await withStandIn({ faults, seed: 3, retryAfterMs: 30 }, { maxDelayMs: 5 }, async ({ model }) => {
    const requests = Array.from({ length: 200 }, (_, i) => ask(i));
    const texts = await Promise.all(requests.map(async (request) => (await model.complete(request)).text));
    assert.deepEqual(
      texts,
      requests.map(({ messages }) => offlineAnswer(messages)),
    );
  });
});

test('through all faults at once every call ends, limits and holds are kept, and tokens add up', async () => {
  const faults = Object.fromEntries(
    [...passing, ...free, ...fine, ...rejecting, 'limit503', 'proxy413'].map((name) => [name, 0.01]),
  );
  const concurrency = 16;
  // A call in the first half of a hold was on its way when it began: on a loaded machine that may take long.
  const serverOptions = { faults, medianMs: 4, sigma: 0.8, retryAfterMs: 1000 };
  await withStandIn(serverOptions, { concurrency, maxDelayMs: 20 }, async ({ model, ledger }) => {
    const count = 400;
    const results = await Promise.allSettled(Array.from({ length: count }, (_, i) => model.complete(ask(i))));
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    assert.deepEqual(
      failed.filter((error) => !(error instanceof RejectError)),
      [],
    );
    assert.ok(ledger.peakInFlight <= concurrency, `${ledger.peakInFlight} calls were in flight at once`);
    assert.deepEqual(ledger.callsInHolds(), []);
    const { total, inFlight, peakInFlight } = model.usage();
    const billed = ledger.billed();
    assert.equal(total.calls, count);
    assert.equal(total.failedCalls, failed.length);
    assert.equal(total.attempts, ledger.calls.length);
    assert.equal(inFlight, 0);
    assert.equal(peakInFlight, concurrency);
    const flagged = ledger.calls.filter(({ fault }) => fault === 'missingUsage').length;
    assert.equal(
      total.promptTokens + total.completionTokens - total.estimatedTokens,
      billed.promptTokens + billed.completionTokens,
    );
    assert.equal(
      total.unknownAttempts + flagged,
      billed.untold + ledger.calls.filter((c) => ['timeout408', 'http504'].includes(c.fault ?? '')).length,
    );
  });
});
