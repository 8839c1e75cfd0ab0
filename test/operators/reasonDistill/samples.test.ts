import assert from 'node:assert/strict';
import test from 'node:test';
import { judgedRequest } from '../../../src/llm/offline/judgedMaterial.js';
import { finalAnswer, isSameAnswer } from '../../../src/operators/reasonDistill/finalAnswer.js';
import { type ReasonDistillOptions, reasonDistill } from '../../../src/operators/reasonDistill/reasonDistill.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { seededRandom } from '../../../src/util/random.js';
import { scriptedModel } from '../../support/models.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, range, watched } from '../../support/sources.js';

const made = (n: number): DataRecord => ({
  n,
  text: `positive ${n}`,
  question: `question ${n}`,
  scenario: `scenario ${n}`,
  hard_negatives: ['negative 1'],
  answer: n,
});

/** A teacher that gives the answers of a list to a record, one after another. */
function teacher(answersOf: (n: number) => (string | number)[]) {
  return scriptedModel(({ messages, sample = 0 }) => {
    const n = Number(/question (\d+)/.exec(messages[1]?.content ?? '')?.[1]);
    return `Step by step.\nAnswer: ${answersOf(n)[sample]}`;
  });
}

async function sampled(model: ReturnType<typeof teacher>, options: Partial<ReasonDistillOptions>, count = 1) {
  const rejects: Reject[] = [];
  const operator = reasonDistill({ model, rejects: (one) => void rejects.push(one), ...options });
  const out = await collect(operator(watched(Array.from(range(count), made))));
  return { out: out as DataRecord[], rejects, requests: model.requests };
}

test('only refused answers are asked again, hotter, until one is right', async () => {
  const { out, requests } = await sampled(
    teacher(() => [7, 8, '0.0', 0]),
    { samples: 4, accept: 'answer' },
  );
  assert.match(String(out[0]?.reasoning), /Answer: 0\.0$/);
  assert.deepEqual(
    [out[0]?.label, out[0]?.refused_reasoning],
    [true, ['Step by step.\nAnswer: 7', 'Step by step.\nAnswer: 8']],
  );
  assert.deepEqual(
    requests.map(({ sample, temperature, topP }) => [sample, temperature, topP]),
    [
      [undefined, undefined, undefined],
      [1, 0.95, 0.7],
      [2, 0.95, 0.7],
    ],
  );
  const { promptTokens, attempts, samples } = provenanceOf(out[0], 'reason_distill') as Record<string, unknown>;
  assert.deepEqual([promptTokens, attempts], [30, 3]);
  assert.deepEqual(
    (samples as { accepted: boolean }[]).map(({ accepted }) => accepted),
    [false, false, true],
  );
});

test('a record without a right sample is rejected, or kept with the label false', async () => {
  const wrong = () => teacher(() => [7, 8]);
  const { rejects } = await sampled(wrong(), { samples: 2, accept: 'answer' });
  assert.match(rejects[0]?.reason ?? '', /none of 2 samples was accepted: its answer is "8", not "0"/);
  assert.deepEqual([rejects[0]?.attempts, rejects[0]?.answer], [2, 'Step by step.\nAnswer: 8']);
  const { out } = await sampled(wrong(), { samples: 2, accept: 'answer', keepRefused: true });
  assert.deepEqual(
    [out[0]?.label, out[0]?.reasoning, out[0]?.refused_reasoning],
    [false, 'Step by step.\nAnswer: 8', ['Step by step.\nAnswer: 7']],
  );
});

test('a record without a gold answer is rejected before anything is asked', async () => {
  const { rejects, requests } = await sampled(
    teacher(() => [0]),
    { accept: 'answer', answerKey: 'gold' },
  );
  assert.match(rejects[0]?.reason ?? '', /the key "gold" holds no answer to compare with/);
  assert.equal(requests.length, 0);
});

test('agreement accepts the first answer that two samples give', async () => {
  const { out } = await sampled(
    teacher(() => ['ice', 'fire', 'Ice.', 'sea']),
    { samples: 4, accept: 'agreement' },
  );
  assert.deepEqual([out[0]?.reasoning, out[0]?.label], ['Step by step.\nAnswer: ice', true]);
  assert.deepEqual(out[0]?.refused_reasoning, ['Step by step.\nAnswer: fire']);
});

test('a judge reads the documents and the sample, and its reasons are kept', async () => {
  const judgeModel = scriptedModel(({ messages }) => {
    const request = judgedRequest(messages);
    assert.ok(request);
    assert.equal(request.documents.length, 3);
    const { id, text } = request.documents.at(-1) as { id: string; text: string };
    const held = (verdict: boolean) => ({ reason: 'so', verdict });
    const grounded = held(text.endsWith('good'));
    return JSON.stringify({ judged_reasoning: { id, grounded, follows: held(true), answersQuestion: held(true) } });
  });
  const { out } = await sampled(
    teacher(() => ['bad', 'good']),
    { samples: 3, accept: 'judge', judgeModel },
  );
  const { samples } = provenanceOf(out[0], 'reason_distill') as { samples?: unknown[] };
  assert.deepEqual(samples, [
    { accepted: false, reason: 'it fails grounded: so' },
    { accepted: true, reason: 'the judge accepts it' },
  ]);
});

test('without accept the record has the keys of before, and samples are refused', async () => {
  const { out } = await sampled(
    teacher(() => [0]),
    {},
  );
  assert.deepEqual(Object.keys(out[0] ?? {}).sort(), [...Object.keys(made(0)), '_rareflow', 'reasoning'].sort());
  assert.throws(() => reasonDistill({ model: teacher(() => []), samples: 2 }), /samples and keepRefused need accept/);
  assert.throws(() => reasonDistill({ model: teacher(() => []), accept: 'agreement' }), /two samples are needed/);
});

for (const p of [0.3, 0.5, 0.8]) {
  test(`of a teacher that is right with ${p}, best of 4 accepts as many as the binomial says, at its number of calls`, async () => {
    const count = 4000;
    const answersOf = (n: number) => {
      const random = seededRandom('teacher', n);
      return Array.from(range(4), () => (random() < p ? n : -1));
    };
    const { out, requests } = await sampled(
      teacher(answersOf),
      { samples: 4, accept: 'answer', concurrency: 64 },
      count,
    );
    const accepted = 1 - (1 - p) ** 4;
    const calls = accepted / p;
    // Four standard errors; the variance of the calls of a record is below 2.
    assert.ok(
      Math.abs(out.length / count - accepted) < 4 * Math.sqrt((accepted * (1 - accepted)) / count),
      `${out.length}`,
    );
    assert.ok(Math.abs(requests.length / count - calls) < 4 * Math.sqrt(2 / count), `${requests.length}`);
  });
}

const finals: [text: string, answer: string][] = [
  ['So it is.\n<answer>B</answer>', 'B'],
  ['<think>Answer: 3</think>\nAnswer: 4', '4'],
  ['Thus \\boxed{\\frac{1}{2}} holds.', '\\frac{1}{2}'],
  ['Answer: 3\nNo: the answer is: **5**', '5**'],
  ['答案：42', '42'],
  ['First.\nThe ice moves.', 'The ice moves.'],
];
for (const [text, answer] of finals)
  test(`the final answer of ${JSON.stringify(text)} is ${answer}`, () => assert.equal(finalAnswer(text), answer));

const same: [one: string, other: string, isSame: boolean][] = [
  ['The Moon.', 'moon', true],
  ['1,234.50', '1234.5', true],
  ['1/2', '0.5', true],
  ['50%', '0.5', true],
  ['-3', '3', false],
  ['3.5', '35', false],
  ['(B)', 'b', true],
  ['B. the ice', 'B', true],
  ['Option C', 'c', true],
  ['B', 'C', false],
  ['a bee', 'B', false],
  ['**5**', '5', true],
  ['$12$', '12', true],
  ['\\text{ice}', 'Ice', true],
  ['四十二。', '四十二', true],
  ['', '', false],
  ['no', 'yes', false],
];
for (const [one, other, isSame] of same) {
  test(`${JSON.stringify(one)} and ${JSON.stringify(other)} are ${isSame ? 'the same answer' : 'different answers'}`, () => {
    assert.equal(isSameAnswer(one, other), isSame);
    assert.equal(isSameAnswer(other, one), isSame);
  });
}
