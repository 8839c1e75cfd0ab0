import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelError, RejectError } from '../../src/errors.js';
import type { ChatRequest } from '../../src/llm/chatModel.js';
import { createModel, type ModelOptions } from '../../src/llm/createModel.js';
import { offlineAnswer } from '../../src/llm/offline.js';
import type { FaultName } from '../support/standInFaults.js';
import { type StandInOptions, startStandIn } from '../support/standInServer.js';

const ask = (i = 0): ChatRequest => ({
  messages: [
    { role: 'system', content: 'Answer as {"hard_query": …}' },
    { role: 'user', content: `<document>Glaciers carve valleys, document ${i}.</document>` },
  ],
  maxTokens: 200,
});
const quick = {
  model: 'stand-in',
  baseDelayMs: 1,
  firstHoldMs: 40,
  loadingDelayMs: 5,
  apiKey: 'sk-secret-of-the-test',
};

async function withStandIn(
  serverOptions: StandInOptions,
  modelOptions: Partial<ModelOptions>,
  body: (parts: {
    model: ReturnType<typeof createModel>;
    ledger: Awaited<ReturnType<typeof startStandIn>>['ledger'];
  }) => Promise<void>,
) {
  const server = await startStandIn(serverOptions);
  const model = createModel({ ...quick, baseUrl: server.baseUrl, ...modelOptions });
  try {
    await body({ model, ledger: server.ledger });
  } finally {
    await model.close();
    await server.close();
  }
}

const passing: FaultName[] = [
  'http500',
  'http503',
  'timeout408',
  'resetBefore',
  'resetMidBody',
  'resetAfterBilled',
  'html200',
  'empty200',
  'cut200',
  'error200',
  'choicesNull',
  'finishError',
  'blank',
];
const free: FaultName[] = ['rate429', 'rate429Bare', 'loading503'];
const fatal: [FaultName, RegExp][] = [
  ['auth401', /^401 from 127\.0\.0\.1:\d+: the API key was refused$/],
  ['payment402', /^402 .* no credit or quota is left$/],
  ['region403', /^403 .* access was refused$/],
  ['quota429', /^429 .* no credit or quota is left$/],
  ['model404', /^404 .* no such model/],
];
const rejecting: [FaultName, RegExp][] = [
  ['moderation403', /moderation/],
  ['contentFilter400', /content filter/],
  ['contextLength400', /does not fit the context .*8192 tokens/],
  ['bad400', /found wrong .*Invalid 'messages'/],
  ['flatVllm400', /top_k must be -1/],
  ['detail422', /body\.messages: field required/],
  ['finishContentFilter', /content filter ended/],
  ['refusal', /refused to answer .*I can't help/],
];
const fine: FaultName[] = ['drip', 'bareJson', 'trailingComma', 'wrongSchema', 'unparsable', 'missingUsage'];

for (const fault of passing) {
  test(`over HTTP, ${fault} is tried again`, async () => {
    const script = ({ callNumber }: { callNumber: number }) => (callNumber === 1 ? fault : undefined);
    await withStandIn({ script }, {}, async ({ model, ledger }) => {
      const completion = await model.complete(ask());
      assert.match(completion.text, /hard_query/);
      assert.equal(completion.attempts, 2);
      assert.equal(ledger.calls.length, 2);
    });
  });
}

for (const fault of free) {
  test(`over HTTP, ${fault} is waited for and costs no attempt`, async () => {
    const script = ({ callNumber }: { callNumber: number }) => (callNumber <= 2 ? fault : undefined);
    await withStandIn({ script, retryAfterMs: 60 }, { maxAttempts: 1 }, async ({ model, ledger }) => {
      assert.equal((await model.complete(ask())).attempts, 1);
      assert.equal(ledger.calls.length, 3);
      ledger.assertNoCallInHold();
    });
  });
}

for (const [fault, message] of fatal) {
  test(`over HTTP, ${fault} stops the run`, async () => {
    const script = ({ index }: { index: number }) => (index === 0 ? fault : undefined);
    await withStandIn({ script }, {}, async ({ model, ledger }) => {
      await assert.rejects(model.complete(ask()), (error) => {
        assert.ok(error instanceof ModelError && error.hint);
        assert.match(error.message, message);
        return true;
      });
      await assert.rejects(model.complete(ask(1)), ModelError);
      assert.equal(ledger.calls.length, 1);
    });
  });
}

for (const [fault, message] of rejecting) {
  test(`over HTTP, ${fault} rejects the record at once`, async () => {
    await withStandIn({ script: () => fault }, {}, async ({ model, ledger }) => {
      await assert.rejects(model.complete(ask()), (error) => {
        assert.ok(error instanceof RejectError);
        assert.match(error.message, message);
        assert.equal(error.attempts, 1);
        return true;
      });
      assert.equal(ledger.calls.length, 1);
    });
  });
}

for (const fault of fine) {
  test(`over HTTP, ${fault} is an answer like any other`, async () => {
    await withStandIn({ script: () => fault }, {}, async ({ model }) => {
      const { text, attempts, usage } = await model.complete(ask());
      assert.ok(text.length > 0);
      assert.equal(attempts, 1);
      assert.equal(usage.estimated ?? false, fault === 'missingUsage');
    });
  });
}

test('over HTTP, finishLength is asked once more with twice the cap', async () => {
  await withStandIn({ script: () => 'finishLength' }, {}, async ({ model, ledger }) => {
    await assert.rejects(model.complete(ask()), RejectError);
    assert.deepEqual(
      ledger.calls.map(({ parameters }) => parameters.max_tokens),
      [200, 400],
    );
  });
});

test('over HTTP, a stalled answer times out and is tried again', async () => {
  const script = ({ callNumber }: { callNumber: number }) => (callNumber === 1 ? 'stall' : undefined);
  await withStandIn({ script }, { attemptTimeoutMs: 100 }, async ({ model }) => {
    assert.equal((await model.complete(ask())).attempts, 2);
    assert.equal(model.usage().total.unknownAttempts, 1);
  });
});

test('over HTTP, a server that is not there stops the run after its attempts', async () => {
  const server = await startStandIn();
  await server.close();
  const model = createModel({ ...quick, baseUrl: server.baseUrl });
  await assert.rejects(model.complete(ask()), (error) => {
    assert.ok(error instanceof ModelError);
    assert.match(error.message, /ECONNREFUSED.*no call has reached it yet/);
    return true;
  });
  await model.close();
});

test('a call that pauses between attempts does not hold its slot', async () => {
  const script = ({ index }: { index: number }) => (index === 0 ? 'http500' : undefined);
  await withStandIn({ script }, { concurrency: 1, baseDelayMs: 200, random: () => 1 }, async ({ model, ledger }) => {
    const ended: string[] = [];
    const slow = model.complete(ask(0)).then(() => ended.push('slow'));
    const quickOnes = [1, 2, 3].map((i) => model.complete(ask(i)).then(() => ended.push('quick')));
    await Promise.all([slow, ...quickOnes]);
    assert.deepEqual(ended, ['quick', 'quick', 'quick', 'slow']);
    ledger.assertInFlightAtMost(1);
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

test('parameters that a model does not take are learned once, told once and replayed for nothing', async () => {
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
    assert.match(notices[0] ?? '', /does not take max_tokens: max_completion_tokens is sent from now on$/);
  });
});

test('through passing faults the answers are those of a run without faults', async () => {
  const faults = Object.fromEntries([...passing, ...free, 'drip'].map((name) => [name, 0.02]));
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
    [...passing, ...free, ...fine, ...rejecting.map(([name]) => name)].map((name) => [name, 0.01]),
  );
  const concurrency = 16;
  const serverOptions = { faults, medianMs: 4, sigma: 0.8, retryAfterMs: 50 };
  await withStandIn(serverOptions, { concurrency, maxDelayMs: 20 }, async ({ model, ledger }) => {
    const count = 400;
    const results = await Promise.allSettled(Array.from({ length: count }, (_, i) => model.complete(ask(i))));
    const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
    assert.deepEqual(
      failed.filter((error) => !(error instanceof RejectError)),
      [],
    );
    ledger.assertInFlightAtMost(concurrency);
    ledger.assertNoCallInHold();
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
      billed.untold + ledger.calls.filter((c) => c.fault === 'timeout408').length,
    );
  });
});
