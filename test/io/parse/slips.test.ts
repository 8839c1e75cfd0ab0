import assert from 'node:assert/strict';
import test from 'node:test';
import { adviceFor, endOfValue } from '../../../src/io/parse/slips.js';

test('adviceFor names the usual slips', () => {
  const cases: [line: string, advice: RegExp | undefined][] = [
    ['{"a": NaN}', /NaN and Infinity/],
    ['{"a": [1, -Infinity], "b": "NaN"}', /NaN and Infinity/],
    ['{"a": 1,}', /comma before the closing bracket/],
    ['{"a": [1, 2, ], "b": ",}"}', /comma before the closing bracket/],
    ['{"a": 1},', /comma after the record/],
    [`{'a': 1}`, /json\.dumps/],
    ['{"a": None, "b": True}', /json\.dumps/],
    ['{a: 1, "b": {c: 2}}', /double quotes/],
    ['{"a":"}{"}{"a":2}', /several records on one line/],
    ['{"a":1} {"a":2}', /several records on one line/],
    ['{"a":1}, {"a":2}', /several records on one line/],
    ['{', /over several lines/],
    ['{"a": 1,', /over several lines/],
    ['id,text', /--input-format csv/],
    ['id\ttext\turl', /--input-format csv/],
    ['version https://git-lfs.github.com/spec/v1', /git lfs pull/],
    ['<!DOCTYPE html>', /HTML/],
    ['Tides lag the Moon, because friction carries it.', undefined],
    ['{"a": 1', undefined],
    ['null null', undefined],
  ];
  for (const [line, wanted] of cases) {
    const advice = adviceFor(line);
    assert.ok(wanted === undefined ? advice === undefined : wanted.test(advice ?? ''), `${line} → ${advice}`);
  }
});

test('adviceFor examines a hostile line of 1 MB in little time', () => {
  for (const line of ['"'.repeat(1e6), '{"a":'.repeat(2e5), `{${'a,'.repeat(5e5)}`, `{"${'\\'.repeat(1e6)}`]) {
    const startedMs = process.cpuUsage().user / 1000;
    adviceFor(line);
    assert.ok(process.cpuUsage().user / 1000 - startedMs < 2000);
  }
});

test('endOfValue finds the end of the first value, whatever its strings hold', () => {
  assert.equal(endOfValue('{"a":"}"}{'), 9);
  assert.equal(endOfValue('[1,[2]] x'), 7);
  assert.equal(endOfValue('{"a":1'), undefined);
});
