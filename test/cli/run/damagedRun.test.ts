import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { RunStore } from '../../../src/pipeline/state/runStore.js';
import { readRecordsOf, runShell } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const RECORDS = 3000;
const line = 'rareflow doc2query in.jsonl -o out.jsonl --model offline';

/** Starts a run in a new folder that a full disk stops. */
async function stoppedRun(t: TestContext): Promise<string> {
  const folder = workFolder(t);
  const documents = Array.from(range(RECORDS), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns.` }));
  writeRecords(folder, 'in.jsonl', documents);
  const { code, stderr } = await runShell(`trap '' XFSZ; ulimit -f 400; ${line}`, { cwd: folder });
  assert.equal(code, 4, stderr);
  return folder;
}

function damage(file: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
}

/** Changes the first digit of `outputBytes` in every copy of the state. */
function changeOutputBytes(bytes: Buffer): void {
  const name = '"outputBytes":';
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
    const digit = at + name.length;
    bytes[digit] = bytes[digit] === 0x31 ? 0x32 : 0x31;
  }
}

for (const [what, change] of [
  ['a digit of its state is changed', changeOutputBytes],
  ['its pages are zeros', (bytes: Buffer) => bytes.fill(0, 8192)],
] as const) {
  test(`a run is refused as damaged if ${what}, with what can be saved`, async (t) => {
    const folder = await stoppedRun(t);
    const partial = readFileSync(path.join(folder, 'out.jsonl.partial'));
    damage(path.join(folder, 'out.jsonl.rareflow/run/data.mdb'), change);
    const resumed = await runShell(line, { cwd: folder });
    assert.equal(resumed.code, 1, resumed.stderr);
    assert.match(
      resumed.stderr,
      /out\.jsonl\.rareflow\/run is damaged or not a store: .*out\.jsonl\.partial holds [\d,]+ complete records/,
    );
    assert.match(resumed.stderr, /--resume never keeps the old files/);
    assert.doesNotMatch(resumed.stderr, /defect|suppressed|remove it/);
    assert.deepEqual(readFileSync(path.join(folder, 'out.jsonl.partial')), partial);

    const anew = await runShell(`${line} --resume never`, { cwd: folder });
    assert.equal(anew.code, 0, anew.stderr);
    assert.equal(readRecordsOf(path.join(folder, 'out.jsonl')).length, RECORDS);
    assert.deepEqual(readFileSync(path.join(folder, 'out.jsonl.partial.old')), partial);
    assert.ok(readdirSync(path.join(folder, 'out.jsonl.rareflow')).includes('run.damaged'));
  });
}

test('a run whose output was changed on disk is not resumed', async (t) => {
  const folder = await stoppedRun(t);
  const partial = path.join(folder, 'out.jsonl.partial');
  damage(partial, (bytes) => bytes.write('#', 1000));
  const resumed = await runShell(line, { cwd: folder });
  assert.notEqual(resumed.code, 0);
  assert.match(resumed.stderr, /out\.jsonl\.partial: its content is not what the run has written/);
  assert.equal(existsSync(path.join(folder, 'out.jsonl')), false);
});

test('a state of rareflow 0.1 whose counts do not balance is damaged', async (t) => {
  const folder = await stoppedRun(t);
  const store = new RunStore(path.join(folder, 'out.jsonl.rareflow'));
  const state = structuredClone(store.state);
  assert.ok(state !== undefined);
  state.counts.out += 27;
  store.commit(state);
  await store.close();
  const resumed = await runShell(line, { cwd: folder });
  assert.equal(resumed.code, 1);
  assert.match(resumed.stderr, /is damaged or not a store: the run counts \d+ finished items, but \d+ results/);
});
