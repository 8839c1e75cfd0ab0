import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { RunStore } from '../../../src/pipeline/state/runStore.js';
import { readRecordsOf, runShell } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const RECORDS = 3000;
const line = 'rareflow doc2query in.jsonl -o out.jsonl --model offline';
const documents = Array.from(range(RECORDS), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` }));

/** Starts a run in a folder of its own that a full disk stops. Returns the folder around it. */
async function stoppedRun(t: TestContext): Promise<string> {
  const folder = workFolder(t);
  cpSync(path.dirname(writeRecords(workFolder(t), 'in.jsonl', documents)), path.join(folder, 'project'), {
    recursive: true,
  });
  const { code, stderr } = await runShell(`trap '' XFSZ; ulimit -f 400; ${line}`, {
    cwd: path.join(folder, 'project'),
  });
  assert.equal(code, 4, stderr);
  return folder;
}

test('a project folder that was moved or copied resumes its run', async (t) => {
  const folder = await stoppedRun(t);
  cpSync(path.join(folder, 'project'), path.join(folder, 'copy'), { recursive: true });
  renameSync(path.join(folder, 'project'), path.join(folder, 'moved'));
  for (const place of ['copy', 'moved']) {
    const rest = await runShell(line, { cwd: path.join(folder, place) });
    assert.equal(rest.code, 0, rest.stderr);
    assert.match(rest.stderr, /resuming the run started/);
    assert.equal(readRecordsOf(path.join(folder, place, 'out.jsonl')).length, RECORDS);
  }
});

test('a run resumes with an input that has grown, and a finished run refuses it as another input', async (t) => {
  const cwd = path.join(await stoppedRun(t), 'project');
  appendFileSync(path.join(cwd, 'in.jsonl'), '{"id":"more","text":"The tide turns."}\n');
  const rest = await runShell(line, { cwd });
  assert.equal(rest.code, 0, rest.stderr);
  assert.match(rest.stderr, /3,001 in = 3,001 out/);
  appendFileSync(path.join(cwd, 'in.jsonl'), '{"id":"more still","text":"The tide turns."}\n');
  const other = await runShell(line, { cwd });
  assert.equal(other.code, 2, other.stderr);
  assert.match(
    other.stderr,
    /is the output of a finished run with other settings: input \["\d+ bytes, sha256 \w+"\] → /,
  );
});

test('a run does not resume with another input of the same name and length', async (t) => {
  const cwd = path.join(await stoppedRun(t), 'project');
  const input = path.join(cwd, 'in.jsonl');
  writeFileSync(input, readFileSync(input, 'utf8').replace('tide', 'time'));
  const other = await runShell(line, { cwd });
  assert.equal(other.code, 2, other.stderr);
  assert.match(other.stderr, /unfinished run with other settings: input/);
});

test('a run of rareflow 0.1, which kept the paths of its inputs, resumes', async (t) => {
  const cwd = path.join(await stoppedRun(t), 'project');
  const store = new RunStore(path.join(cwd, 'out.jsonl.rareflow'));
  const { outputCrc: _o, rejectsCrc: _r, rejectsName: _n, limit: _l, ...state } = store.state ?? assert.fail();
  store.commit({ ...state, settings: { ...state.settings, input: [path.join(cwd, 'in.jsonl')] } });
  await store.close();
  const rest = await runShell(line, { cwd });
  assert.equal(rest.code, 0, rest.stderr);
  assert.match(rest.stderr, /resuming the run started/);
});
