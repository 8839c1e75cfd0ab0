import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { formatAnswer } from '../../../src/standIn/answers/responseFormat.js';
import { about, type ChatAnswer, post, standInFor } from '../../support/askStandIn.js';

const formatOf = (schema: z.ZodType) => ({
  type: 'json_schema',
  json_schema: { name: 'answer', strict: true, schema: z.toJSONSchema(schema) },
});

test('json_schema is answered with bare JSON that fits, the ledger reporting what was asked', async (t) => {
  const server = await standInFor(t);
  const schema = z.object({ hard_query: z.object({ question: z.string(), scenario: z.string() }) });
  const response = await post(server, about(1, { response_format: formatOf(schema) }));
  const { choices } = (await response.json()) as ChatAnswer;
  const { hard_query: query } = schema.parse(JSON.parse(choices[0]?.message.content ?? ''));
  assert.match(query.question, /Glaciers/);
  assert.deepEqual(server.ledger.calls[0]?.parameters.response_format, formatOf(schema));
});

test('any schema is answered, the text of the answer in its strings', () => {
  const schema = z.object({
    steps: z.array(z.object({ text: z.string(), sure: z.boolean() })).min(2),
    grade: z.enum(['good', 'bad']),
    score: z.number().min(3),
    note: z.string().nullable(),
    kind: z.literal('answer'),
  });
  const made = schema.parse(JSON.parse(formatAnswer('Because ice floats.', formatOf(schema))));
  assert.equal(made.steps.length, 2);
  assert.equal(made.steps[0]?.text, 'Because ice floats.');
});

test('a schema that refers to itself ends', () => {
  const node = { type: 'object', properties: { name: { type: 'string' }, child: { $ref: '#/$defs/node' } } };
  const schema = { $defs: { node }, ...node };
  const made = formatAnswer('x', { type: 'json_schema', json_schema: { schema } });
  assert.equal(JSON.parse(made).child.name, 'x');
});

test('json_object is answered with the object in the answer, or with one around it', () => {
  assert.equal(formatAnswer('So:\n```json\n{"a": 1}\n```', { type: 'json_object' }), '{"a":1}');
  assert.equal(formatAnswer('Plain words.', { type: 'json_object' }), '{"answer":"Plain words."}');
  assert.equal(formatAnswer('Plain words.', { type: 'text' }), 'Plain words.');
});

test('blankJsonMode is blank in JSON mode alone', async (t) => {
  const server = await standInFor(t, { script: () => 'blankJsonMode' });
  const contentOf = async (more: object) =>
    ((await (await post(server, about(1, more))).json()) as ChatAnswer).choices[0]?.message.content ?? '';
  assert.equal((await contentOf({ response_format: { type: 'json_object' } })).trim(), '');
  assert.match(await contentOf({}), /hard_query/);
});
