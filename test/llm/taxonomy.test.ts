import assert from 'node:assert/strict';
import test from 'node:test';
import { ModelError, RejectError } from '../../src/errors.js';
import { createModel } from '../../src/llm/createModel.js';
import type { FaultName } from '../../src/standIn/faults.js';
import { startStandIn } from '../../src/standIn/server.js';
import { ask, fine, free, passing, quick, withStandIn } from '../support/standInModel.js';

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
      assert.deepEqual(ledger.callsInHolds(), []);
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
