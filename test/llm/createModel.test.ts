import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import test from 'node:test';
import { UsageError } from '../../src/errors.js';
import { createModel, type ModelOptions } from '../../src/llm/createModel.js';
import { startStandIn } from '../../src/standIn/http/server.js';

const messages = [{ role: 'user' as const, content: 'why?' }];

const wrong: [Partial<ModelOptions>, RegExp][] = [
  [{ model: '' }, /model must be the name of a model, or an object with a name and a function complete/],
  [{ model: { name: 'mine' } as never }, /model must be .*got an object/],
  [{ concurency: 4 } as never, /createModel has no option "concurency"/],
  [{ concurrency: 0 }, /concurrency must be a whole number >= 1, got 0/],
  [{ requestsPerMinute: 1.5 }, /requestsPerMinute must be .*got 1.5/],
  [{ tokensPerMinute: -1 }, /tokensPerMinute must be .*got -1/],
  [{ maxAttempts: Number.NaN }, /maxAttempts must be .*got NaN/],
  [{ attemptTimeoutMs: 0 }, /attemptTimeoutMs must be .*got 0/],
  [{ attemptTimeoutMs: 1e12 }, /attemptTimeoutMs must be .*got 1000000000000/],
];
for (const [options, message] of wrong) {
  test(`the options ${JSON.stringify(options)} are refused`, () => {
    assert.throws(
      () => createModel({ model: 'offline', ...options }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test("the model's sampling is for requests that set none", async () => {
  const server = await startStandIn();
  const model = createModel({
    model: 'm',
    baseUrl: server.baseUrl,
    temperature: 0.3,
    maxTokens: 70,
    topP: 0.9,
    seed: 5,
  });
  await model.complete({ messages });
  await model.complete({ messages, temperature: 0, maxTokens: undefined });
  assert.deepEqual(
    server.ledger.calls.map(({ parameters }) => parameters),
    [0.3, 0].map((temperature) => ({ model: 'm', max_tokens: 70, temperature, top_p: 0.9, seed: 5 })),
  );
  await model.close();
  await server.close();
});

test('usage is counted by stage, and the snapshot is a copy', async () => {
  const model = createModel({ model: 'offline' });
  await model.complete({ messages, stage: 'doc2query' });
  await model.complete({ messages });
  const before = model.usage();
  await model.complete({ messages, stage: 'doc2query' });
  assert.deepEqual([before.byStage.doc2query?.calls, before.byStage.other?.calls, before.total.calls], [1, 1, 2]);
  assert.equal(model.usage().byStage.doc2query?.calls, 2);
});

test('a closed model lets the process exit', async () => {
  const server = await startStandIn();
  const root = path.resolve(import.meta.dirname, '../..');
  const program = `
    import { createModel } from '${root}/src/llm/createModel.ts';
    const model = createModel({ model: 'm', baseUrl: '${server.baseUrl}', requestsPerMinute: 600, tokensPerMinute: 600000 });
    void model.complete({ messages: [{ role: 'user', content: 'why?' }] }).then(() => model.close());`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
    stdio: 'inherit',
    timeout: 10_000,
  });
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.equal(server.ledger.calls.length, 1);
  await server.close();
});

test('making a model loads neither undici nor bottleneck', () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const program = `
    import { createModel } from '${root}/src/llm/createModel.ts';
    createModel({ model: 'm', requestsPerMinute: 5 });
    import { createRequire } from 'node:module';
    const loaded = Object.keys(createRequire('${root}/x.js').cache).filter((name) => /undici|bottleneck/.test(name));
    process.exitCode = loaded.length;`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
    timeout: 10_000,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});
