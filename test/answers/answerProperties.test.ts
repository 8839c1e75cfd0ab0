import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { readJsonAt } from '../../src/answers/lenientJson.js';
import { partAnswer } from '../../src/answers/partAnswer.js';
import { parseDoc2Query } from '../../src/operators/doc2Query/queryAnswer.js';
import { seededRandom } from '../../src/util/random.js';

const folder = path.resolve(import.meta.dirname, '../fixtures/field/answers');
const answers = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));

const pieces = [
  ...[
    '"',
    "'",
    '“',
    '”',
    '‘',
    '’',
    '`',
    '\\',
    '\\"',
    '\\n',
    '\\t',
    '\\u00e9',
    '{',
    '}',
    '[',
    ']',
    ',',
    '，',
    ':',
    '：',
    ' + ',
  ],
  ...[
    '\n',
    ' ',
    '*',
    '//',
    '/*',
    '*/',
    '```',
    '<|im_end|>',
    '<think>',
    '</think>',
    'null',
    'doesn"t',
    "pilot's",
    '", "',
    '": "',
  ],
  ...['"scenario": "', 'hard_query', '\u0000', '\ud83d', '\f', '大潮'],
];

/** Control characters and lone surrogates, which no text may hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNWANTED = /[\u0000-\u0008\u000b-\u001f\p{Surrogate}]/gu;

/** Returns an answer with one to four random changes: a piece inserted, a part removed, repeated or moved. */
function mutated(answer: string, random: () => number): string {
  const below = (n: number) => Math.floor(random() * n);
  let text = answer;
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(text.length + 1);
    const length = 1 + below(random() < 0.8 ? 4 : 60);
    const part = text.slice(at, at + length);
    const without = text.slice(0, at) + text.slice(at + length);
    const to = below(without.length + 1);
    const kind = below(4);
    if (kind === 0) text = text.slice(0, at) + (pieces[below(pieces.length)] as string) + text.slice(at);
    else if (kind === 1) text = without;
    else if (kind === 2) text = text.slice(0, at) + part + text.slice(at);
    else text = without.slice(0, to) + part + without.slice(to);
  }
  return text;
}

/** Returns a text as letters and digits alone, its escapes of characters resolved: those are what a reader may change. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Returns the readings of an answer that a word may come from: each escape as its character, or as it is written. */
function readingsOf(raw: string): string[] {
  const resolved = raw.replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return [raw, resolved, resolved.replace(/\\[nrt]/g, ' '), resolved.replace(UNWANTED, '')];
}

test('each word of a question and a scenario is in the answer, over 10,000 answers with random faults', () => {
  const random = seededRandom(7, 'answers');
  let read = 0;
  for (let n = 0; n < 10_000; n++) {
    const raw = mutated(answers[n % answers.length] as string, random);
    const parsed = parseDoc2Query(partAnswer(raw).text);
    if (!parsed.ok) continue;
    read += 1;
    const readings = readingsOf(raw);
    for (const { question, scenario = '' } of parsed.queries) {
      for (const word of [...wordsOf(question), ...wordsOf(scenario)]) {
        assert.ok(
          readings.some((reading) => reading.includes(word)),
          `${word} of ${JSON.stringify([question, scenario])} is not in ${JSON.stringify(raw)}`,
        );
      }
      // A string that took the next value for a part of itself.
      assert.doesNotMatch(
        question + scenario,
        /["”]\s*[,，]\s*["“](?:scenario|question)["”]\s*[:：]/i,
        JSON.stringify(raw),
      );
      assert.equal((question + scenario).search(UNWANTED), -1, JSON.stringify(raw));
    }
  }
  assert.ok(read > 3000, `${read} answers could be read`);
});

test('JSON without faults is read as JSON.parse reads it, strictly or not', () => {
  const text = fc.string({ unit: fc.constantFrom(...'abc ÄΩ漢"\'“”{}[]:,/-0.'.split('')) });
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('json')),
      fc.dictionary(text, tie('json')),
    ),
  }));
  fc.assert(
    fc.property(
      fc.dictionary(
        text.filter((key) => key !== '__proto__'),
        json,
      ),
      fc.constantFrom(undefined, 2),
      (value, indent) => {
        const written = JSON.stringify(value, null, indent);
        const read = readJsonAt(written, 0, { strict: true, budget: { left: 1e6 } });
        assert.deepEqual(read, { ok: true, value: JSON.parse(written), end: written.length, repairs: [] });
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

test('parting an answer again changes nothing', () => {
  const random = seededRandom(9, 'parts');
  const marks = [
    '<think>',
    '</think>',
    '<|im_end|>',
    '<Thinking>',
    '</Thinking>',
    '\n',
    'Sure! ',
    'a. ',
    'b',
    '```\n',
    '<|channel|>final<|message|>',
  ];
  for (let n = 0; n < 2000; n++) {
    let raw = '';
    for (let parts = 1 + Math.floor(random() * 8); parts > 0; parts--)
      raw += marks[Math.floor(random() * marks.length)];
    const { text } = partAnswer(raw);
    assert.equal(partAnswer(text).text, text, JSON.stringify(raw));
  }
});
