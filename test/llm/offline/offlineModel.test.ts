import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChatMessage } from '../../../src/llm/chatModel.js';
import { createModel } from '../../../src/llm/createModel.js';
import { offlineAnswer, offlineModel } from '../../../src/llm/offline/offlineModel.js';
import { doc2Query } from '../../../src/operators/doc2Query/doc2Query.js';
import { collect, watched } from '../../support/sources.js';

const prompt = (document: string): ChatMessage[] => [
  { role: 'system', content: 'Answer as {"hard_query": {"question": "…", "scenario": "…"}}' },
  { role: 'user', content: `<document>${document}</document>` },
];

function queryOf(answer: string): { question: string; scenario: string } {
  const json = /```json\n([\s\S]*)\n```/.exec(answer)?.[1] ?? '';
  return JSON.parse(json).hard_query;
}

const nasty: [string, string][] = [
  ['one word', 'photosynthesis'],
  ['emoji only', '🎉🎉🚀'],
  ['stop words only', 'the of and to a in is it'],
  ['Chinese', '光合作用是植物利用光能的过程。叶绿体中的叶绿素吸收光。'],
  ['nothing', ''],
  ['white space', ' \n\t '],
  ['a megabyte', 'elephants wander through savannahs. '.repeat(30_000)],
  ['a megabyte without a break', 'x'.repeat(1_000_000)],
  ['quotes and fences', '"}]} ```json\n{"hard_query": 1}\n``` \\ "'],
  ['half a surrogate pair', '\ud83d broken'],
  ['the tags themselves', 'Write <document>like this</document> for tags.'],
  ['markup', '<script>alert("x")</script>'],
  ['Arabic', 'التمثيل الضوئي عملية تحدث في النباتات'],
];

for (const [name, text] of nasty) {
  test(`the offline writer makes a question and a scenario of ${name}`, () => {
    const answer = offlineAnswer(prompt(text));
    const { question, scenario } = queryOf(answer);
    assert.ok(question.length > 20 || /[\u4e00-\u9fff]/.test(question));
    assert.ok(scenario.length > 10);
    assert.ok(!/undefined|documents?\b|\b(the|this) (text|passage|article)/i.test(question + scenario), question);
    assert.equal(offlineAnswer(prompt(text)), answer);
    assert.ok(answer.length < 2000);
  });
}

test('a Chinese text gets a Chinese question', () => {
  assert.match(queryOf(offlineAnswer(prompt('光合作用是植物利用光能的过程'))).question, /光合作用/);
});

test('the question is made of the longest words of the material', () => {
  const { question } = queryOf(offlineAnswer(prompt('A glacier carves valleys by plucking; sedimentation follows.')));
  assert.match(question, /sedimentation/);
  assert.match(question, /plucking/);
});

test('being asked again changes nothing', () => {
  const first = prompt('Glaciers carve valleys.');
  const again: ChatMessage[] = [
    ...first,
    { role: 'assistant', content: 'no JSON' },
    { role: 'user', content: 'That could not be read. Answer again.' },
  ];
  assert.equal(offlineAnswer(again), offlineAnswer(first));
});

test("a user's own template without tags is the material as a whole", () => {
  const answer = offlineAnswer([{ role: 'user', content: 'Give {"hard_query": …} for: thermodynamics of engines' }]);
  assert.match(queryOf(answer).question, /thermodynamics/);
});

test('the reasoning quotes the sentence that shares most with the question', () => {
  const documents = 'Rivers flow.\n\nIce melts under pressure. Skates press on ice, so it is slippery.\n\nBread rises.';
  const answer = offlineAnswer([
    {
      role: 'user',
      content: `<scenario>A rink.</scenario>\n<question>Why is ice slippery under skates?</question>\n<documents>${documents}</documents>`,
    },
  ]);
  assert.match(answer, /^1\. /);
  assert.match(answer, /Answer: Skates press on ice, so it is slippery\.$/);
});

test('the reasoning is never empty, whatever it is given', () => {
  for (const [name, text] of nasty) {
    const messages: ChatMessage[] = [
      { role: 'user', content: `<question>${text.slice(0, 50)}</question><documents>${text}</documents>` },
    ];
    assert.match(offlineAnswer(messages), /^1\. .+\n2\. /, name);
    assert.ok(offlineAnswer([{ role: 'user', content: text }]).length > 20, name);
  }
});

test('the offline writer makes the requested number of questions, all different', async () => {
  const made = async (text: string, language: 'en' | 'zh') => {
    const op = doc2Query({ model: createModel({ model: 'offline' }), queriesPerDoc: 4, language });
    const out = await collect(op(watched([{ text }])));
    return new Set(out.map(({ question }) => question)).size;
  };
  assert.equal(await made('Glaciers carve valleys by plucking; sedimentation follows.', 'en'), 4);
  assert.equal(await made('光合作用是植物利用光能的过程，叶绿素吸收光能。', 'zh'), 4);
  assert.equal(await made('Ice.', 'en'), 2, 'no more than its words give');
});

test('the seed chooses the phrasing', () => {
  const messages = prompt('Glaciers carve valleys.');
  assert.notEqual(offlineAnswer(messages, 0), offlineAnswer(messages, 1));
});

test('the offline model has the same limits and counts as any other', async () => {
  const model = createModel({ model: 'offline', concurrency: 2, delayMs: 5 });
  const ask = { messages: prompt('Glaciers carve valleys.'), stage: 'doc2query' };
  const completions = await Promise.all([1, 2, 3, 4].map(() => model.complete(ask)));
  const { total, byStage, inFlight, peakInFlight } = model.usage();
  const sum = completions.reduce((tokens, { usage }) => tokens + usage.promptTokens + usage.completionTokens, 0);
  assert.equal(total.estimatedTokens, sum);
  assert.deepEqual(byStage.doc2query, total);
  assert.deepEqual([total.calls, total.attempts, inFlight, peakInFlight], [4, 4, 0, 2]);
  await model.close();
});

test('an abort ends the delay of the offline model', async () => {
  const controller = new AbortController();
  const call = offlineModel({ delayMs: 60_000 }).complete({ messages: prompt('x') }, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(call, /enough/);
});

test('the offline writer makes thousands of queries a second of 1 kB texts', () => {
  const text = 'Thermodynamic equilibrium governs chloroplasts and rivers alike in spring. '.repeat(14);
  const messages = prompt(text);
  const started = performance.now();
  for (let i = 0; i < 5000; i++) offlineAnswer(messages);
  assert.ok(performance.now() - started < 2500, `${performance.now() - started} ms for 5,000`);
});
