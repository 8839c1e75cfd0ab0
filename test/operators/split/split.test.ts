import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { type PassageRules, passagesOf } from '../../../src/operators/split/passages.js';
import { type SplitOptions, split } from '../../../src/operators/split/split.js';
import type { DataRecord, Reject } from '../../../src/record.js';
import { countWords } from '../../../src/util/words.js';
import { collect } from '../../support/sources.js';

const passages = (text: string, rules: Partial<PassageRules>) =>
  [...passagesOf(text, { by: 'sentences', maxWords: 5, overlap: 0, ...rules })].map(({ start, end }) =>
    text.slice(start, end),
  );

test('passages end after sentences, words or before headings', () => {
  const cases: [text: string, rules: Partial<PassageRules>, expected: string[]][] = [
    ['One two three. Four five. Six.', {}, ['One two three. Four five.', 'Six.']],
    ['One two three. Four five. Six.', { overlap: 2 }, ['One two three. Four five.', 'Four five. Six.']],
    ['a b c d e f g h', { by: 'words', maxWords: 3 }, ['a b c', 'd e f', 'g h']],
    ['a b c d e f g h', { by: 'words', maxWords: 4, overlap: 2 }, ['a b c d', 'c d e f', 'e f g h']],
    ['one two three four five six seven.', {}, ['one two three four five', 'six seven.']],
    ['First line\n\nSecond line', { maxWords: 3 }, ['First line', 'Second line']],
    ['月亮引起潮汐。海湾的形状决定大小。', { maxWords: 6 }, ['月亮引起潮汐。', '海湾的形状决定大小。']],
    ['月亮引起潮汐', { by: 'words', maxWords: 2 }, ['月亮引起', '潮汐']],
    ['intro\n# A\none two\n## B\nthree\n', { by: 'headings' }, ['intro', '# A\none two', '## B\nthree']],
    ['```\n# no heading\n```\n# A\nx', { by: 'headings', maxWords: 9 }, ['```\n# no heading\n```', '# A\nx']],
    ['  \n ', {}, []],
  ];
  for (const [text, rules, expected] of cases) assert.deepEqual(passages(text, rules), expected, JSON.stringify(text));
});

test('a heading comes with those above it', () => {
  const rules: PassageRules = { by: 'headings', maxWords: 50, overlap: 0 };
  const found = [...passagesOf('# A\nx\n### C ###\ny\n## B\nz', rules)].map(({ heading }) => heading);
  assert.deepEqual(found, ['A', 'A / C', 'A / B']);
});

test('no word of a text is lost, and no passage is too long', () => {
  const text = Array.from(
    { length: 3000 },
    (_, at) => `word${at}${at % 7 === 0 ? '.' : ''}${at % 50 === 0 ? '\n\n' : ' '}`,
  ).join('');
  for (const by of ['sentences', 'words', 'headings'] as const) {
    const parts = passages(text, { by, maxWords: 40 });
    assert.equal(parts.join(' ').replace(/\s+/g, ' '), text.replace(/\s+/g, ' ').trim());
    assert.ok(parts.every((part) => countWords(part) <= 40));
    for (const part of passages(text, { by, maxWords: 40, overlap: 10 })) assert.ok(countWords(part) <= 40);
  }
});

test('splitting takes time linear in the text', () => {
  for (const text of [
    'Tides lag. '.repeat(30_000),
    'ACGT'.repeat(75_000),
    '潮汐'.repeat(90_000),
    '# A\n'.repeat(30_000),
  ]) {
    const startedMs = process.cpuUsage().user / 1000;
    for (const by of ['sentences', 'words', 'headings'] as const) passages(text, { by, maxWords: 200, overlap: 50 });
    assert.ok(process.cpuUsage().user / 1000 - startedMs < 5000);
  }
});

async function run(records: DataRecord[], options: SplitOptions = {}) {
  const rejects: Reject[] = [];
  const made = await collect(split({ ...options, rejects: (one) => void rejects.push(one) })(records));
  return { made: made as DataRecord[], rejects };
}

test('each passage has the id of its document with a number, and its parent', async () => {
  const { made } = await run([{ id: 7, text: 'One two. Three four.', lang: 'en' }], { maxWords: 2 });
  assert.deepEqual(made, [
    { id: '7#1', text: 'One two.', lang: 'en', parent: '7', _rareflow: { split: { part: 1, start: 0, end: 8 } } },
    { id: '7#2', text: 'Three four.', lang: 'en', parent: '7', _rareflow: { split: { part: 2, start: 9, end: 20 } } },
  ]);
});

test('documents without an id, and texts under other keys, are split too', async () => {
  const [first] = (await run([{ text: 'One two.' }])).made;
  assert.match(String(first?.id), /^doc-[0-9a-f]{16}#1$/);
  const [other] = (await run([{ _id: 'a', contents: 'One two.' }])).made;
  assert.deepEqual([other?._id, other?.contents, other?.parent], ['a#1', 'One two.', 'a']);
  const [path] = (await run([{ id: 'a', data: { text: 'One two.' } }], { textKey: 'data.text' })).made;
  assert.deepEqual(JSON.parse(JSON.stringify({ ...path, _rareflow: 0 })), {
    ...{ id: 'a#1', text: 'One two.', parent: 'a', _rareflow: 0 },
  });
});

test('a record without a text, or with a parent already, is rejected', async () => {
  const { made, rejects } = await run([{ id: 1, text: 'One.' }, { id: 2 }, { id: '3#1', text: 'Two.', parent: '3' }]);
  assert.deepEqual([made.map(({ id }) => id), rejects.length], [['1#1'], 2]);
});

test('a document whose other keys would fill the disk as its passages repeat them is rejected, with the key', async () => {
  const text = 'One two. '.repeat(4000);
  const { made, rejects } = await run([{ id: 1, text, html: 'a'.repeat(2 ** 20), lang: 'en' }], { maxWords: 2 });
  assert.deepEqual(made, []);
  assert.match(
    rejects[0]?.reason ?? '',
    /4000 passages would repeat its other keys, \d+ MB in all; remove "html" \(1049 kB\)/,
  );
  assert.equal((await run([{ id: 1, text, lang: 'en' }], { maxWords: 2 })).made.length, 4000);
  assert.equal((await run([{ id: 1, text: 'One.', html: 'a'.repeat(2 ** 20) }])).made.length, 1);
});

test('an overlap that is not smaller than a passage is refused', () => {
  assert.throws(() => split({ maxWords: 5, overlap: 5 }), UsageError);
});
