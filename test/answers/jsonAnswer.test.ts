import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { answerSchema, parseJsonAnswer } from '../../src/answers/jsonAnswer.js';

const schema = z.object({ q: z.string().min(1) });
const read = (answer: string) => parseJsonAnswer(answer, schema);

test('an answer that is JSON is read as it is', () => {
  assert.deepEqual(read(' {"q": "a"} \n'), { ok: true, value: { q: 'a' }, parsed: 'none' });
});

test('JSON is found in prose and in fences', () => {
  for (const answer of ['Sure! {"q": "a"} Enjoy.', 'Thus:\n```json\n{\n "q": "a"\n}\n```', 'a {1, 2 then {"q": "a"}']) {
    assert.deepEqual(read(answer), { ok: true, value: { q: 'a' }, parsed: 'fence' });
  }
});

test('the last object that fits is taken', () => {
  assert.deepEqual(read('{"q": "draft"} no: {"q": "final"} and {"note": 1}'), {
    ok: true,
    value: { q: 'final' },
    parsed: 'fence',
  });
});

test('JSON with small faults is repaired', () => {
  for (const answer of ['{"q": "a",}', "{'q': 'a'}", '{q: "a"}', '```\n{"q": "a" // why\n}\n```']) {
    const { repairs, ...rest } = read(answer) as { repairs?: string[] };
    assert.deepEqual(rest, { ok: true, value: { q: 'a' }, parsed: 'repair' });
    assert.notEqual(repairs?.length ?? 0, 0);
  }
});

test('an object is found inside one that does not fit, and after prose with an unbalanced quote', () => {
  for (const answer of ['{"result": {"q": "a"}}', 'a set {x: "5 in} then {"q": "a"}']) {
    assert.deepEqual(read(answer), { ok: true, value: { q: 'a' }, parsed: 'fence' });
  }
  assert.deepEqual(read('{result: {"q": "a",}}'), {
    ok: true,
    value: { q: 'a' },
    parsed: 'repair',
    repairs: ['quotes', 'punctuation'],
  });
});

test('thinking with braces before the answer does not hide it', () => {
  for (const thinking of ['<think>if {a} then {"q": "draft"} or {', 'So {"q": 1}? No: f(x) = {x | x > 1}.']) {
    assert.deepEqual(read(`${thinking}\n</think>\n{"q": "final"}`), {
      ok: true,
      value: { q: 'final' },
      parsed: 'fence',
    });
  }
});

test('an answer that was cut off is never closed to make it pass', () => {
  for (const answer of ['{"q": "a', '{"q": "a"', '```json\n{"q": "half a quest']) {
    assert.equal(read(answer).ok, false);
  }
  // A quotation mark of another kind does not hide the braces behind it.
  for (const answer of ["{'q': 'a team has to}", '{q: `a team has to}', '{“q”: “a team {x} has to}']) {
    assert.equal(read(answer).ok, false, answer);
  }
});

test('the reason is about the last object, not about drafts before it or parts of it', () => {
  const { reason } = read('{"draft": 1} {"q": "", "part": {"r": 2}}') as { reason: string };
  assert.match(reason, /does not fit: q: Too small/);
});

test('the schema sent is one that strict modes take', () => {
  const { name, schema: sent } = answerSchema('a', z.strictObject({ q: z.string(), more: z.array(z.string()) }));
  const properties = { q: { type: 'string' }, more: { type: 'array', items: { type: 'string' } } };
  assert.deepEqual(sent, { type: 'object', properties, required: ['q', 'more'], additionalProperties: false });
  assert.equal(name, 'a');
});

test('an answer that does not fit is refused with the reason', () => {
  assert.deepEqual(read('no braces'), { ok: false, reason: 'it holds no complete JSON object' });
  assert.match((read('{"q": 5}') as { reason: string }).reason, /q: .*string/);
});

test('any object survives prose and fences around it', () =>
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (q, more) => {
      const json = JSON.stringify({ q, more });
      for (const answer of [json, `Well then:\n\`\`\`json\n${json}\n\`\`\`\n`, `So ${json}`]) {
        const result = read(answer);
        assert.ok(result.ok && result.value.q === q);
      }
    }),
  ));

test('a megabyte of opening braces is read within five seconds of CPU time', () => {
  const before = process.cpuUsage(); // not the clock: the machine may be busy
  assert.equal(read('{'.repeat(1_000_000)).ok, false);
  for (const brace of ['{"', '{a:', '[{', "{'a': "]) assert.equal(read(brace.repeat(50_000)).ok, false);
  assert.ok(process.cpuUsage(before).user < 5_000_000);
});

test('an answer nested deep or of millions of values is refused in words, and parsed by nothing that calls itself', () => {
  for (const levels of [5000, 200_000]) {
    for (const end of ['', ',']) {
      const answer = `{"q": ${'['.repeat(levels)}${']'.repeat(levels)}${end}}`;
      const { reason } = read(answer) as { reason: string };
      assert.match(reason, /it holds no complete JSON object|its JSON object cannot be read|does not fit/);
    }
  }
  assert.equal(read(`{"q": [${'[],'.repeat(2_000_000)}[]]}`).ok, false);
});
