import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { runProgram } from '../../src/cli/program.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

test('paths that the system refuses are named in words, in each place of a command line', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', [{ id: 'a', text: 'The tide turns.' }]);
  symlinkSync('circle', path.join(folder, 'circle'));
  const [input, circle, long] = ['in.jsonl', 'circle', 'x'.repeat(300)].map((name) => path.join(folder, name));
  const reasons = { [circle as string]: 'its symbolic links point to each other', [long as string]: 'too long' };
  for (const [bad = '', reason = ''] of Object.entries(reasons)) {
    for (const args of [
      ['inspect', bad],
      ['doc2query', bad, '--model', 'offline'],
      ['doc2query', input, '--model', 'offline', '-o', bad],
      ['doc2query', input, '--model', 'offline', '--cache', bad],
      ['index', input, '-o', bad],
      ['report', input, '-o', bad],
    ]) {
      let said = '';
      t.mock.method(process.stderr, 'write', (text: string) => {
        said += text;
        return true;
      });
      const code = await runProgram([...args, '--no-config'] as string[]);
      t.mock.restoreAll();
      assert.equal(code, 1, `${args}: ${said}`);
      assert.ok(said.includes(`${bad}: `) && said.includes(reason), `${args}: ${said}`);
      assert.doesNotMatch(said, / at |damaged/);
    }
  }
});
