import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { runProgram } from '../../../src/cli/program.js';
import { ExitCode } from '../../../src/errors.js';
import { readRecordsOf } from '../../support/command.js';
import { workFolder } from '../../support/workFolder.js';

/** Runs a command line in this process, and returns its exit code and what it says. */
async function rareflow(t: { mock: typeof test.mock }, ...args: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  const spy = t.mock.method(process.stderr, 'write', (text: string) => said.push(text) > 0);
  try {
    return { code: await runProgram([...args, '--no-config']), said: said.join('') };
  } finally {
    spy.mock.restore();
  }
}

test('the shards of a command, merged or read from their folder, are the output of one process', async (t) => {
  const folder = workFolder(t);
  const file = (name: string) => path.join(folder, name);
  const rows = Array.from({ length: 12 }, (_, id) =>
    JSON.stringify({ id: String(id), text: `Text ${id}. `.repeat(9) }),
  );
  writeFileSync(file('in.jsonl'), `${rows.slice(0, 7).join('\n')}\nnot JSON\n${rows.slice(7).join('\n')}\n`);
  const command = ['split', file('in.jsonl'), '--max-words', '6'];
  assert.equal((await rareflow(t, ...command, '-o', file('one.jsonl'))).code, ExitCode.done);
  const shard = (number: string) => rareflow(t, ...command, '-o', file('out'), '--shard', number);
  assert.match((await shard('1/2')).said, /shard 1 of 2 \(0 to 1\): .*part-00001-of-00002\.jsonl/);
  const early = await rareflow(t, 'split', file('out'), '-o', file('again.jsonl'));
  assert.equal(early.code, ExitCode.usage);
  assert.match(early.said, /1 of 2 shards are not done: 0 is missing/);
  await shard('0/2');
  assert.match((await shard('0/2')).said, /nothing to do/);
  const merged = await rareflow(t, 'merge', file('out'), '-o', file('all.jsonl'));
  assert.match(merged.said, /merged 2 shards in .*: 13 in \+ \d+ further records = \d+ out .* \+ 1 rejects/);
  assert.equal(readFileSync(file('all.jsonl'), 'utf8'), readFileSync(file('one.jsonl'), 'utf8'));
  assert.equal(readFileSync(file('all.rejects.jsonl'), 'utf8'), readFileSync(file('one.rejects.jsonl'), 'utf8'));
  assert.match((await rareflow(t, 'merge', file('out'), '-o', file('all.csv'))).said, /\d+ out \(.*all\.csv\)/);
  assert.match(readFileSync(file('all.csv'), 'utf8'), /^id,/);
  assert.match((await rareflow(t, 'merge', file('out'), '-o', file('all.csv'))).said, /nothing to do/);
  assert.match((await rareflow(t, 'merge', file('out'), '-o', '-')).said, /merge writes a file, not stdout/);
  assert.match((await rareflow(t, 'merge', file('out'), '-o', file('b'), '--to', 'parquet')).said, /-o all\.parquet/);
  await rareflow(t, 'split', file('out'), '-o', file('again.jsonl'), '--max-words', '400', '--overwrite');
  assert.equal(readRecordsOf(file('again.jsonl')).length, readRecordsOf(file('all.jsonl')).length);
  writeFileSync(file('in.jsonl'), `${readFileSync(file('in.jsonl'), 'utf8')}{"id":"more","text":"more"}\n`);
  assert.match((await shard('0/2')).said, /other settings: input/);
});
