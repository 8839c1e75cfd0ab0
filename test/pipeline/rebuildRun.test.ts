import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RejectError } from '../../src/errors.js';
import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import type { Checkpoint } from '../../src/pipeline/checkpoint.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';
import type { DataRecord } from '../../src/record.js';
import { startStandIn } from '../../src/standIn/http/server.js';
import { runCommand } from '../support/command.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';

const ITEMS = 300;

/** Every tenth document is the same as another one, every 25th line is not JSON, every 13th is rejected. */
function writeInput(folder: string): void {
  const lines = Array.from(range(ITEMS), (n) => {
    const k = n % 10 === 9 ? n - 8 : n;
    return n % 25 === 24
      ? `not JSON ${n}`
      : JSON.stringify({ k, text: `The tide of day ${k} turns.`, more: [k, null] });
  });
  writeFileSync(path.join(folder, 'in.jsonl'), `${lines.join('\n')}\n`);
}

interface Setup extends Partial<Checkpoint> {
  copies?: (k: number) => number;
  stopAfter?: number;
}

/** Runs one session in a folder; returns the items that a stage worked on, with how often. */
async function session(folder: string, setup: Setup = {}) {
  const { copies = () => 1, stopAfter = Number.POSITIVE_INFINITY, ...more } = setup;
  const { ordered = true } = more;
  const stop = new AbortController();
  const worked = new Map<number, number>();
  let came = 0;
  const ask = recordOperator(
    { stage: 'ask', inputs: [textInput('text', 'textKey')], outputs: ['question'] },
    { ordered, concurrency: 6 },
    async (record) => {
      const k = record.k as number;
      worked.set(k, (worked.get(k) ?? 0) + 1);
      came += 1;
      if (came === stopAfter) stop.abort(new Error('stopped'));
      await sleep(((k * 7919) % 5) * 0.3);
      if (k % 13 === 5) throw new RejectError(`no question for ${k}`);
      return Array.from(range(copies(k)), (copy) => ({
        fields: { question: `Why ${k}, ${copy}?` },
        provenance: copy > 0 ? { sharesAnswer: true as const } : {},
      }));
    },
  );
  await using store = new RunStore(path.join(folder, 'run'));
  const progress = await runPipeline({
    source: (context) => readRecords(path.join(folder, 'in.jsonl'), context),
    stages: [{ name: 'ask', operator: (source, context) => ask(source as AsyncIterable<DataRecord>, context) }],
    stop: stop.signal,
    checkpoint: {
      store,
      settings: { stage: 'ask' },
      output: durableJsonl(path.join(folder, 'out.jsonl')),
      rejects: durableJsonl(path.join(folder, 'out.rejects.jsonl'), { partial: false }),
      everyItems: 20,
      ...more,
    },
  }).catch((error: unknown) => {
    if ((error as Error).message !== 'stopped') throw error;
  });
  return { progress, worked };
}

const linesOf = (folder: string, name: string) =>
  readFileSync(path.join(folder, name), 'utf8').replaceAll(folder, '').split('\n');

/** Stops a run half way, removes its state, and cuts its files as a kill in the middle of a line would. */
async function lostRun(t: TestContext, setup: Setup): Promise<string> {
  const folder = workFolder(t);
  writeInput(folder);
  await session(folder, { ...setup, stopAfter: 150 });
  rmSync(path.join(folder, 'run'), { recursive: true });
  appendFileSync(path.join(folder, 'out.jsonl.partial'), '{"k":');
  appendFileSync(path.join(folder, 'out.rejects.jsonl'), '{"stage":"as');
  return folder;
}

for (const [what, setup] of Object.entries<Setup>({
  'one record an item': {},
  'one record an item, in any order': { ordered: false },
  'several records an item': { copies: (k) => (k % 3) + 1 },
})) {
  test(`a run without its state is rebuilt from its files: ${what}`, async (t) => {
    const whole = workFolder(t);
    writeInput(whole);
    const { worked: once } = await session(whole, setup);

    const folder = await lostRun(t, setup);
    const partial = linesOf(folder, 'out.jsonl.partial').slice(0, -1);
    const done = new Set(partial.map((line) => JSON.parse(line).k));
    assert.ok(done.size > 100);
    const { progress, worked } = await session(folder, { ...setup, resume: 'rebuild' });
    assert.ok(progress !== undefined);
    const { in: items, extra, out, rejected } = progress;
    assert.equal(items, ITEMS);
    assert.equal(items + extra, out + rejected);
    const isOrdered = setup.ordered ?? true;
    for (const name of ['out.jsonl', 'out.rejects.jsonl']) {
      const made = linesOf(folder, name).map((line) => line.replace(/,"place":\d+/, ''));
      const wanted = linesOf(whole, name).map((line) => line.replace(/,"place":\d+/, ''));
      if (isOrdered) assert.deepEqual(made, wanted);
      else assert.deepEqual(made.toSorted(), wanted.toSorted());
    }
    const again = [...worked].filter(([k, times]) => done.has(k) && times === once.get(k));
    // Of several records of the last item, some may be missing.
    assert.ok(again.length <= (setup.copies === undefined ? 0 : 1), `${again}`);
  });
}

test('a line that is not of the input, or is damaged, stops the rebuilding and changes no file', async (t) => {
  const folder = await lostRun(t, {});
  const file = path.join(folder, 'out.jsonl.partial');
  copyFileSync(file, `${file}.copy`);
  const rebuild = () => session(folder, { resume: 'rebuild' });
  for (const [change, message] of [
    [(text: string) => text.replace('tide of day 3 ', 'tide of day 3! '), /line 4 was not made from a record of this/],
    [(text: string) => text.replace('"k":3,', '"k":3,,'), /line 4 is not JSON/],
  ] as const) {
    writeFileSync(file, change(readFileSync(`${file}.copy`, 'utf8')));
    const before = readFileSync(file);
    await assert.rejects(rebuild, message);
    assert.deepEqual(readFileSync(file), before);
  }
  copyFileSync(`${file}.copy`, file);
  const rejects = path.join(folder, 'out.rejects.jsonl');
  const other = '{"stage":"ask","reason":"of another run","record":{"k":1,"text":"another"}}\n';
  writeFileSync(rejects, other);
  await assert.rejects(rebuild, /out\.rejects\.jsonl, line 1 was not made from/);
  assert.equal(readFileSync(rejects, 'utf8'), other);
});

test('only an unfinished output of the same settings is rebuilt', async (t) => {
  const folder = workFolder(t);
  writeInput(folder);
  await assert.rejects(session(folder, { resume: 'rebuild' }), /no unfinished output to rebuild the run from/);
  await session(folder, { stopAfter: 150 });
  await assert.rejects(
    session(folder, { resume: 'rebuild', settings: { stage: 'another' } }),
    /with other settings: stage "ask" → "another"/,
  );
  await session(folder);
  assert.equal(existsSync(path.join(folder, 'out.jsonl')), true);
});

test('--resume rebuild goes on from the records of a run whose state is damaged, and pays for none of them again', async (t) => {
  const folder = workFolder(t);
  const server = await startStandIn({ medianMs: 20 });
  t.after(() => server.close());
  writeRecords(
    folder,
    'in.jsonl',
    Array.from(range(400), (n) => ({ id: `d${n}`, text: `The tide of day ${n} turns at the pier.` })),
  );
  const run = (...more: string[]) =>
    runCommand(
      ['doc2query', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', server.baseUrl, '--no-cache', ...more],
      {
        cwd: folder,
        onStart: (child) => {
          if (more.length > 0) return;
          const timer = setInterval(() => {
            if (server.ledger.sums().calls <= 200) return;
            clearInterval(timer);
            child.kill('SIGINT');
          }, 5);
          child.once('exit', () => clearInterval(timer));
        },
      },
    );
  assert.equal((await run()).code, 4);
  const paid = server.ledger.sums().calls;
  writeFileSync(path.join(folder, 'out.jsonl.rareflow/run/data.mdb'), Buffer.alloc(65_536));
  const refused = await run('--concurrency', '16');
  assert.match(refused.stderr, /go on from them \(--resume rebuild\)/);
  const rebuilt = await run('--resume', 'rebuild');
  assert.equal(rebuilt.code, 0, rebuilt.stderr);
  assert.match(rebuilt.stderr, /\d+ records already done/);
  assert.match(rebuilt.stderr, /400 in = 400 out/);
  assert.equal(server.ledger.sums().calls, 400);
  assert.ok(paid >= 200);
});
