import assert from 'node:assert/strict';
import test from 'node:test';
import { type InspectOptions, RecordInspector } from '../../src/inspect/inspectRecords.js';
import { countWords } from '../../src/util/words.js';

function inspect(records: unknown[], options: InspectOptions = {}) {
  const inspector = new RecordInspector(options);
  for (const record of records) inspector.add(record);
  return inspector;
}

test('an inspection counts keys, types, texts, languages and duplicates', () => {
  const text = 'The tides of the sea follow the Moon.';
  const inspector = inspect([
    { id: 'a', text, tags: ['x', 'y'], meta: { year: 1, tags: null } },
    { id: 'a', text: '潮汐随月亮而动，海湾的形状决定其大小。', meta: { year: 'two' } },
    { id: 'b', text },
    [1],
  ]);
  inspector.reject({ stage: 'read', reason: 'line 7: not JSON' });
  inspector.reject({ stage: 'read', reason: 'line 8: not JSON' });
  const { inspection } = inspector;
  const { records, notObjects, badLines, reasons, textKey, idKey, repeatedIds, texts } = inspection;
  assert.deepEqual(
    { records, notObjects, badLines, reasons, textKey, idKey, repeatedIds },
    {
      ...{ records: 4, notObjects: 1, badLines: 2, reasons: [{ reason: 'line 7: not JSON', count: 2 }] },
      ...{ textKey: 'text', idKey: 'id', repeatedIds: 1 },
    },
  );
  assert.deepEqual(
    inspection.keys.map(({ key, present, types }) => [key, present, types]),
    [
      ['id', 3, { string: 3 }],
      ['text', 3, { string: 3 }],
      ['tags', 1, { list: 1 }],
      ['meta', 2, { object: 2 }],
      ['meta.year', 2, { number: 1, string: 1 }],
      ['meta.tags', 0, { null: 1 }],
    ],
  );
  assert.deepEqual([texts.count, texts.duplicates, texts.short], [3, 1, 3]);
  assert.deepEqual(texts.languages, { Latin: 2, Chinese: 1 });
});

test('an inspection names the flags that a command needs', () => {
  const cases: [record: object, command: string, flags: string[] | undefined][] = [
    [{ id: 1, text: 'a' }, 'run', []],
    [{ _id: 1, contents: 'a' }, 'index', []],
    [{ id: 1, data: { text: 'a' } }, 'index', ['--text-key data.text']],
    [{ id: 1, text: ['a', 'b'] }, 'doc2query', ["--text-key 'text.*'"]],
    [{ id: 1, body: 'a' }, 'run', ['--text-key body']],
    [{ id: 1, n: 2 }, 'run', undefined],
    [{ id: 1, text: 'a' }, 'bm25-hard-neg', undefined],
    [{ id: 1, text: 'a', question: 'q' }, 'bm25-hard-neg', []],
    [{ id: 1, text: 'a', question: 'q', scenario: 's', hard_negatives: ['n'] }, 'reason-distill', []],
  ];
  for (const [record, command, flags] of cases) {
    const advice = inspect([record]).inspection.commands.find((one) => one.command === command);
    assert.deepEqual(advice?.flags, flags, JSON.stringify(record));
  }
  const { commands } = inspect([{ text: 'a', question: 'q' }]).inspection;
  assert.match(commands.find(({ command }) => command === 'run')?.remarks.join() ?? '', /1 records have a question/);
  assert.match(commands.find(({ command }) => command === 'index')?.remarks.join() ?? '', /no record has an id/);
});

test('a record with thousands of keys takes bounded memory', () => {
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]));
  const { keys, furtherKeys } = inspect([{ text: 'a', ...wide }]).inspection;
  assert.equal(keys.length, 300);
  assert.equal(furtherKeys, 4701);
});

test('a key of a megabyte is counted, but not listed', () => {
  const { keys, furtherKeys } = inspect([{ text: 'a', ['k'.repeat(2 ** 20)]: 1 }]).inspection;
  assert.deepEqual([keys.map(({ key }) => key), furtherKeys], [['text'], 1]);
});

test('countWords counts words, and two characters of Chinese as one', () => {
  assert.equal(countWords('  two words '), 2);
  assert.equal(countWords('潮汐随月'), 2);
  assert.equal(countWords(''), 0);
});
