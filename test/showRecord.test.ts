import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './support/command.js';

const { recordLines } = (await import(pathToFileURL(path.join(root, '.ci/showRecord.mjs')).href)) as {
  recordLines: (record: object) => string[];
};

const record = {
  id: 'd1',
  title: 'Tides',
  text: 'The tide turns twice a day. '.repeat(9),
  question: 'Why does it turn?',
  scenario: 'A harbour master plans.',
  hard_negatives: ['The ice moves. '.repeat(9)],
  reasoning: 'First.\n\nSecond.\nThird.\nFourth.',
  _rareflow: { doc2query: { model: 'offline' }, bm25_hard_neg: { negatives: [{ id: 'd7', rank: 3 }] } },
};

test('the end of npm start shows a record in short lines, and says that the offline model only strings words together', () => {
  const lines = recordLines(record);
  assert.deepEqual(lines.slice(0, 2), ['  question  Why does it turn?', '  scenario  A harbour master plans.']);
  const shown = lines.join('\n');
  assert.match(shown, /document {2}d1, Tides: The tide turns/);
  assert.match(shown, /negatives d7, rank 3: The ice moves/);
  assert.match(shown, /reasoning First\.\n {12}Second\.\n {12}Third\.\n\nThe offline model strings/);
  assert.ok(lines.slice(0, -1).every((line) => line.length <= 88));
  assert.doesNotMatch(recordLines({ ...record, _rareflow: { doc2query: { model: 'm' } } }).join('\n'), /offline/);
});
