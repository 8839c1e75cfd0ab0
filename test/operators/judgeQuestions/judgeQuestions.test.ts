import assert from 'node:assert/strict';
import test from 'node:test';
import { offlineModel } from '../../../src/llm/offline/offlineModel.js';
import { type JudgeQuestionsOptions, judgeQuestions } from '../../../src/operators/judgeQuestions/judgeQuestions.js';
import { parseJudgeQuestions, type QuestionJudgement } from '../../../src/operators/judgeQuestions/prompt.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { Judgements } from '../../../src/standIn/answers/judgements.js';
import { operatorContract } from '../../../src/testing/operatorContract.js';
import { scriptedModel } from '../../support/models.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, watched } from '../../support/sources.js';

const made = (n: number): DataRecord => ({
  n,
  text: `text ${n}`,
  question: `question ${n}`,
  scenario: `scenario ${n}`,
});

function labelled(rows: object[] = []) {
  const judgements = new Judgements(rows, { errors: 0, seed: 1 });
  return scriptedModel(({ messages }) => judgements.write(messages));
}

operatorContract({
  stage: 'judge_questions',
  make: (options) => judgeQuestions({ model: labelled(), ...options }),
  record: made,
  reads: ['text', 'question', 'scenario'],
  adds: ['question_judgement'],
});

async function judged(options: Partial<JudgeQuestionsOptions>, records = [made(0)]) {
  const rejects: Reject[] = [];
  const model = labelled([{ question: 'question 0', document: 'text 0', criteria: { noLeak: false } }]);
  const out = await collect(
    judgeQuestions({ model, rejects: (one) => void rejects.push(one), ...options })(watched(records)),
  );
  return { out, rejects, requests: model.requests };
}

test('a question that fails a required criterion is rejected with the reason, others pass', async () => {
  const { out, rejects } = await judged({}, [made(0), made(1)]);
  assert.deepEqual(
    out.map(({ n }) => n),
    [1],
  );
  assert.equal(rejects[0]?.reason, 'the question fails noLeak: the label says so');
  assert.ok(rejects[0]?.answer?.includes('judged_question'));
});

test('criteria that are not required, and annotate, reject nothing', async () => {
  for (const options of [{ require: ['answerable' as const] }, { annotate: true }]) {
    const { out } = await judged(options);
    const [record] = out;
    assert.ok(record);
    const { noLeak, answerable } = record.question_judgement as QuestionJudgement;
    assert.deepEqual([noLeak.verdict, answerable.verdict], [false, true]);
    assert.equal(provenanceOf(out[0], 'judge_questions').prompt, 'judge-questions-1');
  }
  assert.throws(() => judgeQuestions({ model: labelled(), require: ['good' as never] }), /names of selfContained, /);
});

test('the prompt is Chinese for a Chinese question, and has no scenario if the records have none', async () => {
  const { requests } = await judged({ scenarioKey: '' }, [{ text: '冰川缓慢移动。', question: '冰川为什么移动？' }]);
  const [system, user] = requests[0]?.messages ?? [];
  assert.match(system?.content ?? '', /你检查用于训练模型的问题/);
  assert.ok(!user?.content.includes('<scenario>'));
});

const criterion = (verdict: unknown) => ({ reason: 'r', verdict });
const whole = (id: string, verdict: unknown = true) => ({
  judged_question: {
    id,
    ...Object.fromEntries(
      ['selfContained', 'answerable', 'needsReasoning', 'noLeak', 'oneAnswer'].map((name) => [
        name,
        criterion(verdict),
      ]),
    ),
  },
});
const answers: [name: string, answer: string, expected: boolean | RegExp][] = [
  ['true', JSON.stringify(whole('abcdabcd')), true],
  ['the text "false"', JSON.stringify(whole('abcdabcd', 'False')), false],
  ['the text "yes"', JSON.stringify(whole('abcdabcd', 'yes')), true],
  [
    'a quoted answer after it',
    `${JSON.stringify(whole('abcdabcd', false))} not ${JSON.stringify(whole('00000000'))}`,
    false,
  ],
  ['a quoted answer alone', JSON.stringify(whole('00000000')), /its id is not abcdabcd/],
  ['a score', JSON.stringify(whole('abcdabcd', 7)), /does not fit/],
];
for (const [name, answer, expected] of answers) {
  test(`parseJudgeQuestions reads ${name}`, () => {
    const read = parseJudgeQuestions(answer, 'abcdabcd');
    if (expected instanceof RegExp) assert.match(read.ok ? 'read' : read.reason, expected);
    else assert.equal(read.ok && read.value.noLeak.verdict, expected);
  });
}

test('the offline model judges by plain rules, and says so', async () => {
  const judge = judgeQuestions({ model: offlineModel(), annotate: true });
  const [bad] = await collect(
    judge(watched([{ text: 'Ice moves.', question: 'What does the text say of ice?', scenario: 's' }])),
  );
  assert.ok(bad);
  const { selfContained } = bad.question_judgement as QuestionJudgement;
  assert.deepEqual(selfContained, { reason: 'offline rule: it names its source', verdict: false });
});
