import assert from 'node:assert/strict';
import test from 'node:test';
import type { Completion } from '../../../src/llm/chatModel.js';
import { reasonDistill } from '../../../src/operators/reasonDistill/reasonDistill.js';
import type { DataRecord } from '../../../src/record.js';
import { operatorContract } from '../../../src/testing/operatorContract.js';
import { scriptedModel } from '../../support/models.js';
import { provenanceOf } from '../../support/provenance.js';
import { collect, range, watched } from '../../support/sources.js';

const made = (n: number): DataRecord => ({
  n,
  text: `positive ${n}`,
  question: `question ${n}`,
  scenario: `scenario ${n}`,
  hard_negatives: ['negative 1', 'negative 2', 'negative 3'],
});

operatorContract({
  stage: 'reason_distill',
  make: (options) => reasonDistill({ model: scriptedModel(() => 'Because.'), ...options }),
  record: made,
  reads: ['text', 'question', 'scenario', 'hard_negatives'],
  adds: ['reasoning'],
});

async function distil(options: Partial<Parameters<typeof reasonDistill>[0]> = {}, records = [made(0)]) {
  const model = scriptedModel(() => 'Because.');
  const out = await collect(reasonDistill({ model, ...options })(watched(records)));
  return { out, prompts: model.requests.map(({ messages }) => messages.map(({ content }) => content).join('\n')) };
}

const orderOf = (record: DataRecord | undefined) => provenanceOf(record, 'reason_distill').order as number[];

test('reasonDistill shows scenario, question and all documents, separated by blank lines in the recorded order', async () => {
  const { out, prompts } = await distil();
  const documents = [made(0).text as string, ...(made(0).hard_negatives as string[])];
  const shown = orderOf(out[0]).map((place) => documents[place]);
  assert.ok(prompts[0]?.includes(`<documents>\n${shown.join('\n\n')}\n</documents>`));
  assert.ok(prompts[0]?.includes('scenario 0') && prompts[0].includes('question 0'));
});

test('the order depends on seed and record alone, and puts the positive at every position equally often', async () => {
  const records = Array.from(range(2000), made);
  const { out } = await distil({ concurrency: 64 }, records);
  const { out: again } = await distil({ concurrency: 1, ordered: false }, records.toReversed());
  assert.deepEqual(out.map(orderOf), again.toReversed().map(orderOf));
  const { out: other } = await distil({ seed: 1 }, records);
  assert.notDeepEqual(out.map(orderOf), other.map(orderOf));
  const places = [0, 0, 0, 0];
  for (const record of out) {
    const place = orderOf(record).indexOf(0);
    places[place] = (places[place] ?? 0) + 1;
  }
  for (const count of places) assert.ok(Math.abs(count - 500) < 100, `the positive's places: ${places}`);
});

test('thinking that came apart is written before the answer, once', async () => {
  const written = async (completion: Partial<Completion>) => {
    const model = scriptedModel(() => completion);
    const [record] = await collect(reasonDistill({ model })(watched([made(0)])));
    return record?.reasoning;
  };
  const thinking = { text: 'Let me see.', source: 'reasoning_content' } as const;
  assert.equal(await written({ text: 'It is so.' }), 'It is so.');
  assert.equal(
    await written({ text: 'It is so.', thinking }),
    '<think>Let me see.</think>\n<answer>It is so.</answer>',
  );
  assert.equal(
    await written({ text: '<answer>It is so.</answer>', thinking }),
    '<think>Let me see.</think>\n<answer>It is so.</answer>',
  );
});

test('an answer that already has <answer> in its text gets no second one', async () => {
  const text = 'So the answer is: <answer>B</answer>';
  const thinking = { text: 'Let me see.', source: 'reasoning' } as const;
  const model = scriptedModel(() => ({ text, thinking }));
  const [record] = await collect(reasonDistill({ model })(watched([made(0)])));
  assert.equal(record?.reasoning, `<think>Let me see.</think>\n${text}`);
});

test('with an empty scenarioKey, questions without scenarios are asked', async () => {
  const { scenario: _, ...bare } = made(0);
  await assert.rejects(distil({}, [bare]), /"scenario" is missing/);
  const { out, prompts } = await distil({ scenarioKey: '' }, [bare]);
  assert.equal(out.length, 1);
  assert.ok(!prompts[0]?.includes('<scenario>'));
});

test('a custom template is filled in', async () => {
  const { prompts } = await distil({ promptTemplate: 'Q={{question}} S={{scenario}} D={{documents}} {x}' });
  assert.match(prompts[0] ?? '', /^Q=question 0 S=scenario 0 D=[\s\S]*positive 0[\s\S]* \{x\}$/);
  await assert.rejects(
    distil({ promptTemplate: '{{question}}' }),
    /must be a text that holds \{\{question\}\} and \{\{documents\}\}/,
  );
});
