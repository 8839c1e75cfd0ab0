import assert from 'node:assert/strict';
import test from 'node:test';
import { doc2Query } from '../../../src/operators/doc2Query/doc2Query.js';
import { reasonDistill } from '../../../src/operators/reasonDistill/reasonDistill.js';
import type { Reject } from '../../../src/record.js';
import type { FaultName } from '../../../src/standIn/faults/faults.js';
import { hardQuery, scriptedModel } from '../../support/models.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, watched } from '../../support/sources.js';
import { withStandIn } from '../../support/standInModel.js';

const record = { text: 'Tides follow the moon, with a lag that grows in shallow basins.' };

const readAtOnce: [FaultName, facts: object][] = [
  ['thinkOtherTags', { thinking: 'think-block' }],
  ['thinkHarmony', { thinking: 'think-block', cut: '<|return|>' }],
  ['answerInReasoning', { answerFrom: 'reasoning_content' }],
  ['templateTokens', { cut: '<|im_end|>' }],
  ['latexEscapes', { parsed: 'repair', repairs: ['backslashes'] }],
  ['unwrapped', {}],
  ['camelKeys', {}],
  ['jsonInString', { parsed: 'fence' }],
  ['pythonDict', { parsed: 'repair' }],
  ['toolCallText', { parsed: 'fence' }],
  ['loneSurrogate', { parsed: 'repair' }],
  ['finishUnknown', { finishReason: 'out_of_ink' }],
];
for (const [fault, facts] of readAtOnce) {
  test(`one answer is paid for and read, and its record says how: ${fault}`, () =>
    withStandIn({ script: () => fault }, {}, async ({ model, ledger }) => {
      const [out] = await collect(doc2Query({ model })(watched([record])));
      assert.equal(ledger.calls.length, 1);
      const provenance = provenanceOf(out, 'doc2query') as Record<string, unknown>;
      for (const [key, value] of Object.entries(facts)) assert.deepEqual(provenance[key], value, key);
      if (fault === 'latexEscapes') assert.match(String(out?.question), / \(\$\\frac\{\\nu\}\{\\tau\}\$, \\theta\)$/);
    }));
}

const mentioning = hardQuery('What does the passage say about tides?');
async function ask(answers: string[], options: Partial<Parameters<typeof doc2Query>[0]> = {}) {
  const rejects: Reject[] = [];
  const model = scriptedModel((_, call) => answers[call] ?? 'too many calls');
  const out = await collect(
    doc2Query({ model, rejects: (one) => void rejects.push(one), ...options })(watched([record])),
  );
  return { question: out[0]?.question, reason: rejects[0]?.reason, requests: model.requests };
}

test('a question that refers to its document is asked for once more, with the reason', async () => {
  const { question, requests } = await ask([mentioning, hardQuery('Why do tides lag?')]);
  assert.equal(question, 'Why do tides lag?');
  assert.match(requests[1]?.messages.at(-1)?.content ?? '', /refers to its document \("the passage"\)/);
});

test('a question that still refers to its document is kept, or rejected by option, and never asked for a third time', async () => {
  const kept = await ask([mentioning, mentioning]);
  assert.deepEqual([kept.question, kept.requests.length], ['What does the passage say about tides?', 2]);
  const rejected = await ask([mentioning, mentioning], { documentMentions: 'reject' });
  assert.deepEqual([rejected.question, rejected.requests.length], [undefined, 2]);
  assert.match(rejected.reason ?? '', /the question refers to its document: the passage/);
  const ignored = await ask([mentioning], { documentMentions: 'ignore' });
  assert.deepEqual([ignored.question, ignored.requests.length], ['What does the passage say about tides?', 1]);
  const unread = await ask([mentioning, 'no JSON']);
  assert.deepEqual([unread.question, unread.requests.length], ['What does the passage say about tides?', 2]);
});

test('reasoning without an answer is paid for three times at most, and the reject names the setting', () =>
  withStandIn({ profile: 'vllm', script: () => 'thinkOnly' }, { baseDelayMs: 1 }, async ({ model, ledger }) => {
    const rejects: Reject[] = [];
    const op = reasonDistill({ model, rejects: (one) => void rejects.push(one) });
    await collect(op(watched([{ ...record, question: 'Why?', scenario: 'A pilot.', hard_negatives: ['b'] }])));
    assert.equal(ledger.calls.length, 3);
    assert.match(rejects[0]?.reason ?? '', /3 answers were reasoning without an answer/);
  }));

test('if the first 20 answers all come as reasoning, a notice names the setting, once', async () => {
  const notices: string[] = [];
  const onNotice = (notice: string) => void notices.push(notice);
  await withStandIn({ script: () => 'answerInReasoning' }, { onNotice }, async ({ model }) => {
    const records = Array.from({ length: 25 }, (_, n) => ({ text: `${n} ${record.text}` }));
    assert.equal((await collect(doc2Query({ model })(watched(records)))).length, 25);
  });
  assert.equal(
    notices.filter((notice) => /first 20 answers all came as reasoning.*--reasoning-parser/.test(notice)).length,
    1,
  );
});
