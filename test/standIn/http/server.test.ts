import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { spreadOver } from '../../../src/standIn/faults/faults.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { serviceTime } from '../../../src/standIn/http/serviceTime.js';
import { about, type ChatAnswer, post, standInFor } from '../../support/askStandIn.js';

test('the faults and answers of a record do not depend on the order of arrival', async () => {
  const faults = spreadOver(['http500', 'bad400', 'blankTwice', 'think', 'finishLength', 'cut200'], 0.6);
  /** Asks about all records at once, in that order; the calls about one record come one after the other. */
  const run = async (records: number[]) => {
    const server = await startStandIn({ faults, seed: 7, profile: 'vllm', medianMs: 3, sigma: 0.8 });
    const answers: string[] = [];
    const askAbout = async (i: number) => {
      for (let call = 1; call <= 1 + (i % 4); call++) {
        const response = await post(server, about(i));
        answers.push(`${i} ${call} ${response.status} ${await response.text()}`);
      }
    };
    await Promise.all(records.map(askAbout));
    const seen = server.ledger.calls.map(({ key, callNumber, fault, promptTokens, completionTokens }) =>
      JSON.stringify({ key, callNumber, fault, promptTokens, completionTokens }),
    );
    await server.close();
    return { arrived: seen.join(), all: [...seen.sort(), ...answers.sort()] };
  };
  const records = Array.from({ length: 40 }, (_, i) => i);
  const [one, other] = [await run(records), await run(records.map((i) => (i * 27 + 5) % 40))];
  assert.notEqual(one.arrived, other.arrived);
  assert.deepEqual(one.all, other.all);
});

test('a second request about a record counts as a call about the same record', async (t) => {
  const server = await standInFor(t);
  const first = about(1);
  const again = {
    ...first,
    messages: [...first.messages, { role: 'assistant', content: 'no' }, { role: 'user', content: 'Once more.' }],
  };
  for (const body of [first, again, about(2)]) await (await post(server, body)).text();
  const [one, two, three] = server.ledger.calls;
  assert.equal(one?.key, two?.key);
  assert.notEqual(one?.key, three?.key);
  assert.deepEqual([one?.callNumber, two?.callNumber, three?.callNumber], [1, 2, 1]);
});

test('service times are log-normal around their median', () => {
  const times = Array.from({ length: 5000 }, (_, i) => serviceTime(100, 0.8, 1, `key ${i}`, 1)).sort((a, b) => a - b);
  assert.ok(Math.abs((times[2500] ?? 0) - 100) < 6, String(times[2500]));
  const spread = Math.log((times[4200] ?? 0) / (times[2500] ?? 1));
  assert.ok(Math.abs(spread - 0.8) < 0.08, String(spread));
});

test('the stand-in lists its model, answers 404 to other paths, and refuses a body that is not a request', async (t) => {
  const server = await standInFor(t);
  const list = (await (await fetch(`${server.baseUrl}/models`)).json()) as { data: unknown[] };
  assert.equal(list.data.length, 1);
  assert.equal((await fetch(`${server.baseUrl}/nothing`)).status, 404);
  for (const body of ['{"model": "m"', '{"model": "m"}', '{"messages": ["hi"]}']) {
    const response = await fetch(`${server.baseUrl}/chat/completions`, { method: 'POST', body });
    assert.equal(response.status, 400);
    assert.match(await response.text(), /could not parse/);
  }
  assert.deepEqual(server.ledger.sums().statuses, { 400: 3 });
});

test('content in parts is read like content in one string', async (t) => {
  const server = await standInFor(t);
  const [system, user] = about(1).messages;
  const parts = [{ type: 'text', text: user?.content }];
  await (await post(server, { model: 'm', messages: [system, { role: 'user', content: parts }] })).text();
  await (await post(server, about(1))).text();
  assert.equal(server.ledger.calls[0]?.key, server.ledger.calls[1]?.key);
});

test('an answer is cut at its token limit, with the finish reason length', async (t) => {
  const server = await standInFor(t);
  const ask = async (more: object) => (await (await post(server, about(1, more))).json()) as ChatAnswer;
  const whole = await ask({});
  const cut = await ask({ max_tokens: 10 });
  assert.equal(cut.choices[0]?.finish_reason, 'length');
  assert.equal(cut.usage.completion_tokens, 10);
  assert.ok(whole.choices[0]?.message.content.startsWith(cut.choices[0]?.message.content ?? 'not'));
  assert.equal((await ask({ max_completion_tokens: 500 })).choices[0]?.finish_reason, 'stop');
});

test('a request that does not fit the context is refused, with and without a token limit', async (t) => {
  const server = await standInFor(t, { contextTokens: 60 });
  assert.equal((await post(server, about(1, { max_tokens: 9 }))).status, 200);
  const capped = await post(server, about(1, { max_tokens: 90 }));
  assert.match(
    await capped.text(),
    /maximum context length is 60 tokens.* \(\d\d in the messages, 90 in the completion\)/,
  );
  const long = await post(server, { model: 'm', messages: [{ role: 'user', content: 'tide '.repeat(100) }] });
  assert.match(await long.text(), /maximum context length is 60 tokens.*your messages resulted in 1\d\d tokens/);
});

test('the stand-in refuses another key and quotes it, calls over the quota, and every call in an outage', async (t) => {
  const keyed = await standInFor(t, { apiKey: 'sk-right' });
  const wrong = await post(keyed, about(1), { authorization: 'Bearer sk-wrong' });
  assert.equal(wrong.status, 401);
  assert.match(await wrong.text(), /Incorrect API key provided: sk-wrong\./);
  assert.equal((await post(keyed, about(1), { authorization: 'Bearer sk-right' })).status, 200);
  const spent = await standInFor(t, { quotaGoneAtCall: 3 });
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await post(spent, about(i))).status);
  assert.deepEqual(statuses, [200, 200, 429, 429]);
  const down = await standInFor(t, { outage: { fromMs: 0, untilMs: 60_000 } });
  assert.equal((await post(down, about(1))).status, 503);
  const back = await standInFor(t, { outage: { fromMs: 0, untilMs: 0.001 } });
  assert.equal((await post(back, about(1))).status, 200);
});

test('answers can be given as a function', async (t) => {
  const server = await standInFor(t, { answer: (messages) => `${messages.length} messages` });
  const { choices } = (await (await post(server, about(1))).json()) as ChatAnswer;
  assert.equal(choices[0]?.message.content, '2 messages');
});

test('an unknown option, a value out of range and a port in use are refused', async (t) => {
  const rejects = (options: object, words: RegExp) =>
    assert.rejects(startStandIn(options), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(`${error.message} ${error.hint}`, words);
      return true;
    });
  await rejects({ profile: 'opnai' }, /profile must be openai, .*, got the string "opnai" did you mean openai\?/);
  await rejects({ faults: { nothing: 0.1 } }, /no fault is named "nothing"/);
  await rejects({ requestsPerMinute: 0 }, /requestsPerMinute must be a whole number >= 1, got 0/);
  await rejects({ medianMs: -1 }, /medianMs must be a number >= 0, got -1/);
  await rejects({ mediumMs: 5 }, /no option "mediumMs" did you mean medianMs\?/);
  const { baseUrl } = await standInFor(t);
  await rejects({ port: Number(new URL(baseUrl).port) }, /cannot listen on port \d+ use another port/);
});
