import assert from 'node:assert/strict';
import test from 'node:test';
import { RejectError } from '../../../src/errors.js';
import type { ModelOptions } from '../../../src/llm/createModel.js';
import { completion, type Sent, withScript } from '../../support/scriptedServer.js';

const words = (tokens: number) => 'word '.repeat((tokens * 4) / 5);
const lengthOf = ({ messages }: Sent) => Math.round((messages[0]?.content.length ?? 0) / 4);

/** Asks about prompts of these lengths; the server reports `report(length)` tokens. */
async function askAll(lengths: number[], report: (length: number) => number, options: Partial<ModelOptions> = {}) {
  const found = { answers: 0, rejects: [] as string[], cutOff: 0, notices: [] as string[] };
  await withScript(
    (sent) => ({
      body: { ...completion('yes'), usage: { prompt_tokens: report(lengthOf(sent)), completion_tokens: 5 } },
    }),
    options,
    async ({ model, notices }) => {
      for (const length of lengths) {
        try {
          await model.complete({ messages: [{ role: 'user', content: words(length) }] });
          found.answers += 1;
        } catch (error) {
          assert.ok(error instanceof RejectError, String(error));
          found.rejects.push(error.message);
        }
      }
      found.cutOff = model.usage().total.cutOffPrompts;
      found.notices = notices;
      assert.equal(model.usage().total.completionTokens, 5 * lengths.length);
    },
  );
  return found;
}

test('prompts far under their estimate are counted, and reported once with the setting to raise', async () => {
  const { answers, cutOff, notices } = await askAll([500, 6000, 7000, 8000], (length) => Math.min(2050, length));
  assert.deepEqual([answers, cutOff, notices.length], [4, 3, 1]);
  assert.match(
    notices[0] ?? '',
    /seems to cut prompts off: it read 2050 tokens of a prompt of about \d+; raise .*num_ctx/,
  );
});

test('the same number for prompts of different lengths is the size of the context, also above half of the estimate', async () => {
  const { cutOff } = await askAll([5000, 5200, 5400, 5600], (length) => Math.min(4096, length));
  assert.equal(cutOff, 2);
});

test('by option such records are rejected, and their tokens are counted', async () => {
  const cut = (length: number) => Math.min(2050, length);
  const { answers, rejects, cutOff } = await askAll([500, 6000], cut, { truncatedPrompts: 'reject' });
  assert.deepEqual([answers, cutOff], [1, 1]);
  assert.match(rejects[0] ?? '', /^the server cut the prompt off \(.*2050 tokens of a prompt of about/);
});

test('a tokenizer that needs a third fewer tokens than estimated, and equal prompts, raise no suspicion', async () => {
  const lengths = [2000, 3000, 4000, 4000, 4000, 4000];
  const { cutOff, notices } = await askAll(lengths, (length) => Math.round(length * 0.66));
  assert.deepEqual([cutOff, notices.length], [0, 0]);
});
