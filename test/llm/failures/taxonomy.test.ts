import assert from 'node:assert/strict';
import test from 'node:test';
import { ExitCode, ModelError, RejectError } from '../../../src/errors.js';
import type { ChatRequest } from '../../../src/llm/chatModel.js';
import { createModel } from '../../../src/llm/createModel.js';
import type { FaultName } from '../../../src/standIn/faults/faults.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { completion, type Reply, refusal, withScript } from '../../support/scriptedServer.js';
import { ask, fine, free, passing, quick, withStandIn } from '../../support/standInModel.js';

// The rows of the taxonomy, in their order, each over HTTP: against the stand-in, or a scripted server for what it does not say.

const why: ChatRequest = { messages: [{ role: 'user', content: 'Why?' }] };
const yes: Reply = { body: completion('yes') };
const thenYes = (first: Reply) => (_: unknown, call: number) => (call === 0 ? first : yes);

/** Asserts that a call stops the run, and with what words. */
async function stops(call: Promise<unknown>, message: RegExp, hint = /./): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ModelError, String(error));
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    return true;
  });
}

/** Asserts that a call rejects its record after this number of attempts, and with this message. */
async function rejects(call: Promise<unknown>, message: RegExp, attempts = 1): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof RejectError, String(error));
    assert.match(error.message, message);
    assert.equal(error.attempts, attempts);
    return true;
  });
}

// 401, 403 for the key or region, 402, 429 insufficient_quota, 404 model
const fatal: [FaultName, RegExp][] = [
  ['auth401', /^401 from 127\.0\.0\.1:\d+: the API key was refused$/],
  ['payment402', /^402 .* no credit or quota is left$/],
  ['region403', /^403 .* access was refused$/],
  ['quota429', /^429 .* no credit or quota is left$/],
  ['model404', /^404 .* no such model/],
  ['budget400', /^400 .* no credit or quota is left$/],
  ['day429', /^429 .* the limit of a day, a week or a month is used up$/],
  ['revokedKey400', /^400 .* the key is not accepted any more$/],
  ['gone410', /^410 .* no such model, or it cannot be used any more$/],
];
for (const [fault, message] of fatal) {
  test(`${fault} stops the run, which can go on later, and no call goes out any more`, async () => {
    const script = ({ index }: { index: number }) => (index === 0 ? fault : undefined);
    await withStandIn({ script }, {}, async ({ model, ledger }) => {
      await stops(model.complete(ask()), message);
      await assert.rejects(model.complete(ask(1)), (error) => {
        assert.ok(error instanceof ModelError);
        assert.deepEqual([error.resumable, error.exitCode], [true, ExitCode.stoppedResumable]);
        return true;
      });
      assert.equal(ledger.calls.length, 1);
    });
  });
}

test('a refused key is named by the variable that holds it, and a missing key is reported as missing', async () => {
  const refused = refusal(401, 'Incorrect API key provided');
  await withScript(
    () => refused,
    { apiKey: 'sk-x', keyName: 'OPENAI_API_KEY' },
    async ({ model, host }) => {
      const message = new RegExp(`^401 from ${host}: the key in OPENAI_API_KEY was refused$`);
      await stops(model.complete(why), message, /not expired.*; the server says: Incorrect API key provided$/);
    },
  );
  await withScript(
    () => refused,
    {},
    async ({ model }) => stops(model.complete(why), /it requires a key, and none was sent$/, /--api-key-env/),
  );
});

test('after 100 successes a fatal answer is tried again, and only the third in a row stops the run', async () => {
  const isFatal = (index: number) => index === 100 || (index >= 103 && index <= 105);
  const script = ({ index }: { index: number }) => (isFatal(index) ? 'auth401' : undefined);
  await withStandIn({ script }, { maxAttempts: 4 }, async ({ model, ledger }) => {
    for (let i = 0; i < 100; i++) await model.complete(ask(i));
    assert.equal((await model.complete(ask(100))).attempts, 2);
    await model.complete(ask(101));
    await stops(model.complete(ask(102)), /^401 /);
    assert.equal(ledger.calls.length, 106);
  });
});

// 403 moderation, 400 content filter, refusal, finish content_filter; other 400, 422
const rejecting: [FaultName, RegExp][] = [
  ['moderation403', /moderation/],
  ['contentFilter400', /content filter/],
  ['finishContentFilter', /content filter ended/],
  ['refusal', /refused to answer .*I can't help/],
  ['contextLength400', /does not fit the context .*8192 tokens/],
  ['bad400', /refused as invalid .*Invalid 'messages'/],
  ['flatVllm400', /top_k must be -1/],
  ['detail422', /body\.messages: field required/],
  ['proxy413', /client_max_body_size .*413 Request Entity Too Large/],
];
for (const [fault, message] of rejecting) {
  test(`${fault} rejects the record at once`, async () => {
    await withStandIn({ script: () => fault }, {}, async ({ model, ledger }) => {
      await rejects(model.complete(ask()), message);
      const probes = model.capabilities()[0]?.probes ?? 0;
      assert.ok(probes <= 1);
      assert.equal(
        ledger.calls.length,
        1 + probes,
        'nothing is sent again but what finds out whether a part is refused',
      );
    });
  });
}

test("a provider's own words are read inside a gateway's", () =>
  withScript(
    () =>
      refusal(400, 'Provider returned error', {
        metadata: { raw: '{"error":{"message":"content policy","code":"content_filter"}}' },
      }),
    {},
    async ({ model }) =>
      rejects(model.complete(why), /content filter refused .*Provider returned error: content policy/),
  ));

// 400 context length
test('a cap that does not fit the context is lowered once to the room there is; a second refusal rejects', async () => {
  const full = (room: number) =>
    refusal(400, `This model's maximum context length is 4096 tokens and your request has ${4096 - room} input tokens`);
  await withScript(thenYes(full(96)), {}, async ({ model, sent }) => {
    assert.equal((await model.complete({ ...why, maxTokens: 500 })).attempts, 2);
    assert.deepEqual(
      sent.map((one) => one.max_tokens),
      [500, 96],
    );
  });
  await withScript(
    (_, call) => full(96 - call),
    {},
    async ({ model }) => rejects(model.complete({ ...why, maxTokens: 500 }), /does not fit the context/, 2),
  );
});

test('20 requests refused as invalid from the start stop the run, which can be resumed', () =>
  withScript(
    () => refusal(400, 'Invalid model parameters'),
    {},
    async ({ model, sent }) => {
      for (let i = 1; i < 20; i++) await rejects(model.complete(why), /refused as invalid/);
      const last = model.complete(why);
      await stops(last, /^the first 20 requests were refused; last: .*Invalid model parameters/);
      assert.equal(await last.catch(({ exitCode }) => exitCode), ExitCode.stoppedResumable);
      assert.equal(sent.length, 20);
    },
  ));

test('the same refusal 20 times in a row stops the run at any time; other refusals and successes between them do not', () =>
  withScript(
    (_, call) => (call % 16 === 0 ? yes : refusal(422, call < 160 || call % 2 === 0 ? `bad request ${call}` : 'odd')),
    {},
    async ({ model }) => {
      for (let i = 0; i < 250; i++) {
        if (i % 16 === 0) await model.complete(why);
        else await rejects(model.complete(why), /refused as invalid/);
      }
    },
  ));

test('a refusal in words that no row knows stops the run after 20 in a row, resumably and with those words', () =>
  withScript(
    (_, call) => (call < 130 ? yes : refusal(400, `The workspace ran dry, request ${call}`)),
    {},
    async ({ model, sent }) => {
      for (let i = 0; i < 130; i++) await model.complete(why);
      for (let i = 1; i < 20; i++) await rejects(model.complete(why), /refused as invalid/);
      await stops(model.complete(why), /^the last 20 requests were refused alike; last: .*ran dry/, /--retry-rejects/);
      assert.equal(sent.length, 150);
    },
  ));

// 429 with and without a time; 503 while loading
for (const fault of free) {
  test(`${fault} is waited for and costs no attempt`, async () => {
    const script = ({ callNumber }: { callNumber: number }) => (callNumber <= 2 ? fault : undefined);
    await withStandIn({ script, retryAfterMs: 60 }, { maxAttempts: 1 }, async ({ model, ledger }) => {
      assert.equal((await model.complete(ask())).attempts, 1);
      assert.equal(ledger.calls.length, 3);
      assert.deepEqual(ledger.callsInHolds(), []);
    });
  });
}

const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.3s' }];
const googles = { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Resource has been exhausted', details };
const limited: [string, Reply][] = [
  ['retry-after-ms', { ...refusal(429, 'slow down'), headers: { 'retry-after-ms': '300' } }],
  ['retry-after', { ...refusal(429, 'slow down'), headers: { 'retry-after': '0.3' } }],
  [
    'the reset of a used-up limit',
    {
      ...refusal(429, 'slow down'),
      headers: { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '300ms' },
    },
  ],
  ["Google's retryDelay in the body", { status: 429, body: [JSON.stringify([{ error: googles }])] }],
];
for (const [name, reply] of limited) {
  test(`a 429 holds the whole endpoint for the time given by ${name}, at no attempt`, () =>
    withScript(thenYes(reply), { maxAttempts: 1, concurrency: 4 }, async ({ model, sent }) => {
      const startedMs = performance.now();
      const first = model.complete(why);
      while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const others = [1, 2, 3].map(() => model.complete(why));
      assert.deepEqual(
        (await Promise.all([first, ...others])).map(({ attempts }) => attempts),
        [1, 1, 1, 1],
      );
      const elapsedMs = performance.now() - startedMs;
      assert.ok(elapsedMs >= 295, `the hold of 300 ms was over after ${elapsedMs} ms`);
      assert.equal(sent.length, 5);
    }));
}

// 408, 409, 5xx, 529, lost connections, timeouts, empty or cut 200, `choices: null`, finish `error`
for (const fault of passing) {
  test(`${fault} is tried again`, async () => {
    const script = ({ callNumber }: { callNumber: number }) => (callNumber === 1 ? fault : undefined);
    await withStandIn({ script }, {}, async ({ model, ledger }) => {
      const answer = await model.complete(ask());
      assert.match(answer.text, /hard_query/);
      assert.equal(answer.attempts, 2);
      assert.equal(ledger.calls.length, 2);
    });
  });
}

for (const status of [409, 502, 504, 520, 529]) {
  test(`a ${status} is tried again`, () =>
    withScript(thenYes({ status, body: 'upstream trouble' }), {}, async ({ model }) => {
      assert.equal((await model.complete(why)).attempts, 2);
    }));
}

test('x-should-retry has the last word on a fault: true makes a 400 pass, false makes a 500 final', async () => {
  const said = (status: number, value: string) => ({ ...refusal(status, 'hm'), headers: { 'x-should-retry': value } });
  await withScript(thenYes(said(400, 'true')), {}, async ({ model }) => {
    assert.equal((await model.complete(why)).attempts, 2);
  });
  await withScript(thenYes(said(500, 'false')), {}, async ({ model }) => rejects(model.complete(why), /^500 /));
});

test('a stalled answer times out and is tried again', async () => {
  const script = ({ callNumber }: { callNumber: number }) => (callNumber === 1 ? 'stall' : undefined);
  await withStandIn({ script }, { attemptTimeoutMs: 800 }, async ({ model }) => {
    assert.equal((await model.complete(ask())).attempts, 2);
    assert.equal(model.usage().total.unknownAttempts, 1);
  });
});

test('blank lines that keep a connection alive are not part of the answer, and alone are not an answer', async () => {
  await withScript(
    () => ({ body: ['\n', '\n\n', '\n', JSON.stringify(yes.body)] }),
    { maxAttempts: 1 },
    async ({ model }) => assert.equal((await model.complete(why)).text, 'yes'),
  );
  await withScript(thenYes({ body: '\n\n\n' }), {}, async ({ model }) => {
    assert.equal((await model.complete(why)).attempts, 2);
  });
});

test('a server that is not there stops the run after its attempts', async () => {
  const server = await startStandIn();
  await server.close();
  const model = createModel({ ...quick, baseUrl: server.baseUrl });
  await stops(model.complete(ask()), /ECONNREFUSED.*no call has reached it yet/);
  await model.close();
});

for (const fault of fine) {
  test(`${fault} is an answer like any other`, async () => {
    await withStandIn({ script: () => fault }, {}, async ({ model }) => {
      const { text, attempts, usage } = await model.complete(ask());
      assert.ok(text.length > 0);
      assert.equal(attempts, 1);
      assert.equal(usage.estimated ?? false, fault === 'missingUsage');
    });
  });
}

// finish `length`
test('finishLength is asked once more with twice the cap', async () => {
  await withStandIn({ script: () => 'finishLength' }, {}, async ({ model, ledger }) => {
    await rejects(model.complete(ask()), /was cut off at its cap of 400 tokens/, 2);
    assert.deepEqual(
      ledger.calls.map(({ parameters }) => parameters.max_tokens),
      [200, 400],
    );
  });
});

// white space only
test('blank is tried again, the second time without JSON mode', async () => {
  const script = ({ callNumber }: { callNumber: number }) => (callNumber <= 2 ? 'blank' : undefined);
  await withStandIn({ script }, {}, async ({ model, ledger }) => {
    const request = { ...ask(), schema: { name: 'a', schema: { type: 'object' } } };
    assert.equal((await model.complete(request)).attempts, 3);
    const formats = ledger.calls.map(
      ({ parameters }) => (parameters.response_format as { type: string } | undefined)?.type,
    );
    assert.deepEqual(formats, ['json_schema', 'json_schema', undefined]);
  });
});
