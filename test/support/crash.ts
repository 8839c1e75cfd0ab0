import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, watch } from 'node:fs';
import path from 'node:path';
import { startStandIn } from '../../src/standIn/http/server.js';
import { scriptArgs } from './script.js';
import { writeRecords } from './workFolder.js';

/** The built command: it starts in a fifth of the time of the source. */
const command = path.resolve(import.meta.dirname, '../../dist/cli/main.js');
const child = path.resolve(import.meta.dirname, 'durableChild.ts');

export interface Session {
  /** Undefined if it was killed. */
  code: number | undefined;
  stderr: string;
}

/** Runs a program in a folder; kills it with SIGKILL when `killWhen` calls back, if it has not ended by then. */
export function runOrKill(
  [program, ...args]: string[],
  cwd: string,
  killWhen?: (kill: () => void) => () => void,
): Promise<Session> {
  const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, ...env } = process.env;
  const running = spawn(
    process.execPath,
    [...(program?.endsWith('.ts') ? scriptArgs(program) : [program as string]), ...args],
    {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const stopWatching = killWhen?.(() => running.kill('SIGKILL'));
  let stderr = '';
  running.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    running.on('error', reject);
    running.on('close', (code) => {
      stopWatching?.();
      resolve({ code: code ?? undefined, stderr });
    });
  });
}

/** Returns a generator of numbers in [0, 1), the same for each seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface CrashOptions {
  /** `chain`: rareflow run, from dist; `stages`: a small program of two stages, which starts faster. */
  program: 'chain' | 'stages';
  folder: string;
  records: number;
  /** The number of kills: mostly after a random number of calls, sometimes at a commit, at last at the rename. */
  kills: number;
  concurrency: number;
  ordered: boolean;
  seed: number;
  /** Keep an answer cache, for the chain only. Default false. */
  cache?: boolean;
}

export interface CrashFigures {
  kills: number;
  atCommit: number;
  atRename: number;
  sessions: number;
  calls: number;
  /** Calls that were repeated because a kill had lost their answers. */
  repeatedCalls: number;
  /** The most calls of uncommitted records at one kill; cached ones are not repeated. */
  mostLostByAKill: number;
  seconds: number;
}

export interface ChainOptions {
  corpus: string;
  index: string;
  concurrency: number;
  order?: string;
  cache?: boolean | undefined;
}

/** Returns the arguments of a run of the chain against a stand-in, by its output. */
export function chainArgs(baseUrl: string, { corpus, index, concurrency, order = 'ordered', cache }: ChainOptions) {
  return (output: string): string[] => [
    ...[command, 'run', corpus, '-o', output, '--index', index, '--sampling', 'top', `--${order}`],
    ...['--model', 'stand-in', '--base-url', baseUrl, '--concurrency', String(concurrency)],
    ...(cache ? [] : ['--no-cache']),
  ];
}

/** Writes a corpus of distinct documents. */
export function writeCorpus(folder: string, records: number): string {
  const documents = Array.from({ length: records }, (_, n) => ({
    id: `d${n}`,
    text: `The tide of harbour ${n % 97} turns ${n % 13} hours after the moon; pier number${n} measures its height.`,
  }));
  return writeRecords(folder, 'corpus.jsonl', documents);
}

/**
 * Runs the chain over a corpus, kills and resumes it again and again, and checks that its final output is that of an
 * undisturbed run: byte for byte, or line for line if the order is not kept.
 */
export async function crashRun(options: CrashOptions): Promise<CrashFigures> {
  const { program, folder, records, kills, concurrency, ordered, seed, cache } = options;
  const random = seeded(seed);
  const startedMs = performance.now();
  writeCorpus(folder, records);
  const server = await startStandIn({ seed: 1, medianMs: 4, sigma: 0.8 });
  const { calls } = server.ledger;
  const order = ordered ? 'ordered' : 'unordered';
  const chain = chainArgs(server.baseUrl, { corpus: 'corpus.jsonl', index: 'corpus.bm25', concurrency, order, cache });
  const stages = (output: string) => [child, 'corpus.jsonl', output, server.baseUrl, order, String(concurrency)];
  const args = program === 'chain' ? chain : stages;
  const output = path.join(folder, 'killed.jsonl');
  const figures = { kills: 0, atCommit: 0, atRename: 0, sessions: 0, mostLostByAKill: 0 };
  try {
    const whole = await runOrKill(args('whole.jsonl'), folder);
    assert.equal(whole.code, 0, whole.stderr);
    assert.equal(calls.length, 2 * records);
    calls.length = 0;

    let lost = 0;
    let callsAtKill = 0;
    const callsPerKill = Math.max(1, Math.floor((2 * records) / Math.max(1, kills)));
    for (let done = false; !done; ) {
      const first = calls.length;
      const left = kills - figures.kills;
      const how = left > 1 ? (random() < 0.3 ? 'commit' : 'calls') : left === 1 ? 'rename' : undefined;
      const after = Math.ceil(random() * 1.8 * callsPerKill);
      const session = await runOrKill(args('killed.jsonl'), folder, (kill) => {
        if (how === undefined) return () => {};
        if (how === 'rename') return onFile(folder, (name) => name === 'killed.jsonl' && existsSync(output), kill);
        const delayMs = random() * 20;
        let stopWatching = () => {};
        const timer = setInterval(() => {
          if (calls.length - first < after) return;
          clearInterval(timer);
          if (how === 'calls') setTimeout(kill, delayMs);
          else stopWatching = onFile(`${output}.rareflow/run`, (name) => name === 'data.mdb', kill);
        }, 1);
        return () => {
          clearInterval(timer);
          stopWatching();
        };
      });
      figures.sessions += 1;
      // Each record that the next session finds done took two calls; all others before the kill were lost.
      const found = Number(
        /([\d,]+) records (?:of its input are|already) done/.exec(session.stderr)?.[1]?.replaceAll(',', '') ?? 0,
      );
      if (figures.kills > 0 && callsAtKill > 0) {
        const lostByNow = callsAtKill - 2 * found;
        figures.mostLostByAKill = Math.max(figures.mostLostByAKill, lostByNow - lost);
        lost = lostByNow;
      }
      callsAtKill = calls.length;
      if (session.code === undefined) {
        figures.kills += 1;
        if (how === 'commit') figures.atCommit += 1;
        if (how === 'rename') figures.atRename += 1;
        continue;
      }
      assert.equal(session.code, 0, session.stderr);
      assert.match(session.stderr.replaceAll(',', ''), new RegExp(`${records} in = ${records} out`));
      done = true;
    }
    // The server reports how much of a prompt it had seen before: more, if a call is repeated.
    const textOf = (name: string) =>
      readFileSync(path.join(folder, name), 'utf8').replace(/"cachedTokens":\d+,?|,"cached":true/g, '');
    const lines = (name: string) => textOf(name).split('\n');
    const [expected, made] = [lines('whole.jsonl'), lines('killed.jsonl')];
    if (!ordered) for (const both of [expected, made]) both.sort();
    assert.equal(made.length, expected.length);
    for (const [place, line] of made.entries()) assert.equal(line, expected[place]);
    return {
      ...figures,
      calls: calls.length,
      repeatedCalls: calls.length - 2 * records,
      seconds: (performance.now() - startedMs) / 1000,
    };
  } finally {
    await server.close();
  }
}

/** Calls back at the first change in a folder that `isMeant` accepts. */
function onFile(folder: string, isMeant: (name: string | null) => boolean, then: () => void): () => void {
  const watcher = watch(folder, (_, name) => {
    if (!isMeant(name)) return;
    watcher.close();
    then();
  });
  return () => watcher.close();
}
