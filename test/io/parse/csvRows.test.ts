import assert from 'node:assert/strict';
import test from 'node:test';
import { CsvRows, TableProblem } from '../../../src/io/parse/csvRows.js';

/** Parses a table that comes in chunks of some bytes. */
function parse(text: string, { kind = 'csv', size = 1e9, maxLineBytes = 1000 }: Partial<Options> = {}) {
  const rows = new CsvRows({ kind, maxLineBytes });
  const bytes = Buffer.from(text);
  const records: unknown[] = [];
  const bad: [line: number, reason: string][] = [];
  const take = (parsed: ReturnType<CsvRows['push']>) => {
    records.push(...parsed.records);
    bad.push(...parsed.bad.map(({ badLine }): [number, string] => [badLine.line, badLine.reason]));
  };
  for (let at = 0; at < bytes.length; at += size) take(rows.push(bytes.subarray(at, at + size)));
  take(rows.end());
  return { records, bad, rows };
}
interface Options {
  kind: 'csv' | 'tsv';
  size: number;
  maxLineBytes: number;
}

test('rows become records, whatever chunks they come in', () => {
  const cases: [text: string, records: object[], kind?: 'csv' | 'tsv'][] = [
    [
      'id,text\n1,a\n2,b',
      [
        { id: '1', text: 'a' },
        { id: '2', text: 'b' },
      ],
    ],
    [
      '\uFEFFid,text\r\n1,"a, ""b""\r\nc"\r\n\r\n2,Zoë\r\n',
      [
        { id: '1', text: 'a, "b"\r\nc' },
        { id: '2', text: 'Zoë' },
      ],
    ],
    ['id;text\n1;a,b,c\n', [{ id: '1', text: 'a,b,c' }]],
    ['id|text\n1|x\n', [{ id: '1', text: 'x' }]],
    [',text\n0,a\n', [{ column_1: '0', text: 'a' }]],
    [
      '1,"one, two"\n2,"three\nfour"\n',
      [
        { id: '1', text: 'one, two' },
        { id: '2', text: 'three\nfour' },
      ],
    ],
    [
      'id,text\n1,5" pipe\n2,a "b" c\n',
      [
        { id: '1', text: '5" pipe' },
        { id: '2', text: 'a "b" c' },
      ],
    ],
    ['id\ttext\n1\t"a\tb"\n', [{ id: '1', text: 'a\tb' }], 'tsv'],
    [
      '0\tThe "first" one\n1\t"Not closed\n2\tlast\n',
      [
        { id: '0', text: 'The "first" one' },
        { id: '1', text: '"Not closed' },
        { id: '2', text: 'last' },
      ],
      'tsv',
    ],
    [
      '0\t"Not closed in the first\n1\tx\n',
      [
        { id: '0', text: '"Not closed in the first' },
        { id: '1', text: 'x' },
      ],
      'tsv',
    ],
    ['Document Name,Body Text,Page\na,b,1\n', [{ 'Document Name': 'a', 'Body Text': 'b', Page: '1' }]],
    [`text,hard_negatives\n['x'],"['a', ""it's""]"\n`, [{ text: "['x']", hard_negatives: ['a', "it's"] }]],
    ['id,text\n', []],
    ['', []],
  ];
  for (const [text, records, kind = 'csv'] of cases) {
    for (const size of [1, 2, 7, 1e9]) {
      const parsed = parse(text, { kind, size });
      assert.deepEqual(parsed.records, records, `${JSON.stringify(text)} in chunks of ${size}`);
      assert.deepEqual(parsed.bad, []);
    }
  }
});

test('a bad row is named by its line, and the rows after it are read', () => {
  const text = 'id,text\n1,"a\nb"\n2\n3,c,d\n4,e\n';
  const { records, bad } = parse(text);
  assert.deepEqual(records, [
    { id: '1', text: 'a\nb' },
    { id: '4', text: 'e' },
  ]);
  assert.deepEqual(bad, [
    [4, 'has 1 values for 2 columns (id, text)'],
    [5, 'has 3 values for 2 columns (id, text)'],
  ]);
});

test('a quote that is never closed costs its line and no other', () => {
  for (const size of [3, 1e9]) {
    const { records, bad } = parse('id,text\n1,a\n2,"open\n3,b\n4,c\n', { size });
    assert.deepEqual(records, [
      { id: '1', text: 'a' },
      { id: '3', text: 'b' },
      { id: '4', text: 'c' },
    ]);
    assert.deepEqual(bad, [[3, 'a quote is opened and not closed within 1000 bytes']]);
  }
});

test('a row longer than the limit is refused and not held', () => {
  const { records, bad } = parse(`id,text\n1,${'x'.repeat(3000)}\n2,b\n3,"${'y\n'.repeat(800)}`, { size: 100 });
  assert.deepEqual(records, [{ id: '2', text: 'b' }]);
  assert.match(bad[0]?.[1] ?? '', /longer than 1000 bytes/);
  assert.deepEqual(bad[0]?.[0], 2);
  assert.match(bad[1]?.[1] ?? '', /not closed within 1000 bytes/);
});

test('lines that each open a quote take time linear in their number', () => {
  const text = `id,text\n${'1,"x\n'.repeat(20_000)}`;
  const startedMs = process.cpuUsage().user / 1000;
  const { records, bad } = parse(text, { maxLineBytes: 64 * 1024 * 1024 });
  assert.equal(records.length + bad.length > 0, true);
  assert.ok(process.cpuUsage().user / 1000 - startedMs < 3000);
});

test('a first row that shows no columns is a problem', () => {
  for (const text of ['1,2,3\n4,5,6\n', 'text,text\na,b\n']) assert.throws(() => parse(text), TableProblem);
});

test('the rows that are open count as held bytes', () => {
  const rows = new CsvRows({ kind: 'csv', maxLineBytes: 1000 });
  rows.push(Buffer.from('id,text\n1,a\n2,"b\nc'));
  assert.equal(rows.heldBytes, '2,"b\nc'.length);
  assert.equal(rows.line, 2);
});
