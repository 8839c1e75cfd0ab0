import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { from } from 'ix/asynciterable';
import { errorLine, say, sayJson, sayThrough } from '../../src/cli/progress/terminal.js';
import { ModelError } from '../../src/errors.js';
import { warnOfReject, writeJsonl } from '../../src/index.js';
import { printable, printableJson, printableLine } from '../../src/util/printable.js';

/** Clears the screen, writes the clipboard, sets the title, turns the text around, begins a C1 sequence. */
const hostile =
  'a\x1b[2Jb\x1b]52;c;ZXZpbA==\x07c\x1b]0;title\x1b\\d\u202ee\u2066f\u061cg\u009b31mh\x7fi\x00j\rk\u2028l\bm';
const acts = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

test('a message is printed without characters that a terminal acts on; its line breaks, tabs and colours stay', () => {
  assert.doesNotMatch(printable(hostile), acts);
  assert.equal(
    printable('\x1b[31mrareflow:\x1b[39m one\n\ttwo 日本語 🙂 é'),
    '\x1b[31mrareflow:\x1b[39m one\n\ttwo 日本語 🙂 é',
  );
  assert.equal(printable('\x1b[8mhidden\x1b[30;40mblack'), '[8mhidden[30;40mblack');
  assert.equal(printableLine('one\r\ntwo\x1b[31mthree'), 'one two [31mthree');
});

test('JSON for a terminal has the same value', () => {
  const json = `${JSON.stringify({ hostile })}\n${JSON.stringify({ [hostile]: ['日本語'] })}\n`;
  const printed = printableJson(json);
  assert.doesNotMatch(printed.replaceAll('\n', ''), acts);
  assert.deepEqual(
    printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    json
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
});

test('text of a server or a record reaches the terminal without control characters', () => {
  let printed = '';
  sayThrough((text) => {
    printed += text;
  });
  try {
    say(`rareflow: ${hostile}`);
    say(errorLine(new ModelError(hostile, { hint: hostile })));
    sayJson({ hostile });
  } finally {
    sayThrough(undefined);
  }
  assert.equal(printed.split('\n').length, 4);
  assert.doesNotMatch(printed.replaceAll('\n', ''), acts);
});

test('records on a terminal are escaped, in a pipe they are written as they are', async () => {
  for (const isTTY of [true, false]) {
    const stream = Object.assign(new PassThrough(), { isTTY });
    for await (const _ of from([{ hostile }]).pipe(writeJsonl(stream)));
    const line = String(stream.read());
    assert.equal(acts.test(line.trimEnd()), !isTTY);
    assert.deepEqual(JSON.parse(line), { hostile: hostile.replace('\0', '\ufffd') });
  }
});

test('the warning of a reject that nothing takes has no control characters', async () => {
  const warned = once(process, 'warning');
  await warnOfReject({ stage: 'read', reason: `not JSON: ${hostile}` });
  const [warning] = (await warned) as [Error];
  assert.match(warning.message, /^read rejected a record: not JSON: a/);
  assert.doesNotMatch(warning.message, acts);
});
