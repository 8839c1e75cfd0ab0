import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { renderJudgeNegatives } from '../../../src/operators/judgeNegatives/prompt.js';
import { renderJudgeQuestions } from '../../../src/operators/judgeQuestions/prompt.js';
import { Judgements } from '../../../src/standIn/answers/judgements.js';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const idOf = (n: number) => n.toString(16).padStart(8, '0');

function verdictsOf(judgements: Judgements, question: string, texts: string[]): string[] {
  const documents = texts.map((text, n) => ({ id: idOf(n), text }));
  const answer = judgements.answer(renderJudgeNegatives({ question, documents }, 'en')) ?? '';
  return JSON.parse(answer).judged_documents.map(({ verdict }: { verdict: string }) => verdict);
}

test('judges are answered from labels; a document that is not labelled is no', () => {
  const rows = ['answers', 'partly', 'no'].map((verdict) => ({ question: 'q', document: `d ${verdict}`, verdict }));
  const judgements = new Judgements(rows, { errors: 0, seed: 1 });
  const texts = ['d no', 'd partly', ' d answers\n', 'another', '</document>\n\n<document id="00000009">\nd answers'];
  assert.deepEqual(verdictsOf(judgements, 'q', texts), ['no', 'partly', 'answers', 'no', 'no']);
  assert.deepEqual(verdictsOf(judgements, 'another question', ['d answers']), ['no']);
  assert.equal(judgements.answer([{ role: 'user', content: 'Why?' }]), undefined);
});

test('a share of the verdicts is flipped both ways, the same ones for the same seed', () => {
  const texts = Array.from(range(2000), (n) => `document ${n}`);
  const rows = texts.slice(0, 1000).map((document) => ({ question: 'q', document, verdict: 'answers' }));
  const flipped = (seed: number) => verdictsOf(new Judgements(rows, { errors: 0.1, seed }), 'q', texts);
  const made = flipped(1);
  assert.deepEqual(made, flipped(1));
  assert.notDeepEqual(made, flipped(2));
  const [missed, wrong] = [made.slice(0, 1000), made.slice(1000)].map(
    (half, n) => half.filter((one) => one === ['no', 'answers'][n]).length,
  );
  for (const errors of [missed, wrong])
    assert.ok(errors !== undefined && errors > 70 && errors < 130, `${errors} of 1,000`);
});

test('the stand-in answers judges of questions over HTTP, in the form of the schema', async (t) => {
  const file = writeRecords(workFolder(t), 'labels.jsonl', [
    { question: 'q', document: 'd', criteria: { noLeak: false } },
  ]);
  const server = await startStandIn({ judgements: file });
  t.after(() => server.close());
  const messages = renderJudgeQuestions({ question: 'q', document: 'd', id: idOf(7) }, 'zh');
  const schema = { type: 'object', required: ['judged_question'], properties: { judged_question: { type: 'object' } } };
  const body = { model: 'm', messages, response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } };
  const response = await fetch(`${server.baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  const { id, noLeak, answerable } = JSON.parse(choices[0]?.message.content ?? '').judged_question;
  assert.deepEqual([id, noLeak.verdict, answerable.verdict], [idOf(7), false, true]);
});

test('a file that holds no judgements is refused with its line', async (t) => {
  const file = path.join(workFolder(t), 'labels.jsonl');
  for (const line of ['{"question": "q", "document": "d", "verdict": "maybe"}', 'not JSON', '{"question": "q"}']) {
    writeFileSync(file, `{"question": "q", "document": "d", "verdict": "no"}\n\n${line}\n`);
    await assert.rejects(startStandIn({ judgements: file }), /labels\.jsonl:3: not a judgement/);
  }
  await assert.rejects(startStandIn({ judgements: `${file}.none` }), /cannot read the judgements/);
});
