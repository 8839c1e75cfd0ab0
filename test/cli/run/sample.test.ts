import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { startStandIn } from '../../../src/standIn/http/server.js';
import { readRecordsOf, runCommand } from '../../support/command.js';
import { range } from '../../support/sources.js';
import { workFolder, writeRecords } from '../../support/workFolder.js';

const documents = Array.from(range(60), (n) => ({
  id: `d${n}`,
  text: `The tide of day ${n} turns at ${n * 7} o'clock.`,
}));

test('a pilot and the run after it, both killed, pay for no finished record twice and write the order of the input', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', documents);
  const server = await startStandIn({ medianMs: 5 });
  t.after(() => server.close());
  const line = ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl, '--no-cache'];
  /** Kills the command after this many calls of its own. */
  const killed = async (args: string[], calls: number) => {
    const before = server.ledger.calls.length;
    let timer: NodeJS.Timeout | undefined;
    const ended = await runCommand([...line, ...args, '--concurrency', '2'], {
      cwd: folder,
      onStart: (child) => {
        timer = setInterval(() => {
          if (server.ledger.calls.length >= before + calls) child.kill('SIGKILL');
        }, 2);
      },
    });
    clearInterval(timer);
    assert.equal(ended.code, null, ended.stderr);
  };
  await killed(['--sample', '20'], 6);
  const pilot = await runCommand([...line, '--sample', '20'], { cwd: folder });
  assert.equal(pilot.code, 0, pilot.stderr);
  assert.match(
    pilot.stderr,
    /20 in = 20 out .*\n(.*\n)*.*this was a sample; to go on from it: rareflow doc2query in\.jsonl -o out\.jsonl/,
  );
  assert.doesNotMatch(pilot.stderr, /to go on from it: .*--sample/);
  assert.equal(readRecordsOf(path.join(folder, 'out.jsonl')).length, 20);
  const sample = readFileSync(path.join(folder, 'out.jsonl'), 'utf8').trimEnd().split('\n');

  const afterPilot = server.ledger.calls.length;
  await killed([], 10);
  const inFull = server.ledger.calls.length;
  const all = await runCommand(line, { cwd: folder });
  assert.equal(all.code, 0, all.stderr);
  const lines = readFileSync(path.join(folder, 'out.jsonl'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((text) => JSON.parse(text).id),
    documents.map(({ id }) => id),
  );
  assert.ok(sample.every((text) => lines.includes(text)));
  // Of the 40 others, those that were called before the kill may be called again, and no others.
  const inRest = server.ledger.calls.length - inFull;
  assert.ok(inFull - afterPilot + inRest >= 40 && inRest <= 40, `${inFull - afterPilot} + ${inRest} calls`);
});

test('a sample is refused for stdin, and the rejects of a sample are retried after the rest', async (t) => {
  const folder = workFolder(t);
  writeRecords(folder, 'in.jsonl', documents);
  const args = ['-o', 'out.jsonl', '--model', 'offline', '--sample', '3'];
  const piped = await runCommand(['doc2query', ...args], { cwd: folder, input: '{"text": "a"}\n' });
  assert.equal(piped.code, 2, piped.stderr);
  assert.match(piped.stderr, /--sample reads the input twice, and stdin is not a file; write it to a file first/);
  await runCommand(['doc2query', 'in.jsonl', ...args], { cwd: folder });
  const retried = await runCommand(['doc2query', 'in.jsonl', ...args, '--retry-rejects'], { cwd: folder });
  assert.equal(retried.code, 2, retried.stderr);
  assert.match(retried.stderr, /the run has taken only its sample; run it without --sample/);
});
