// Question: what do damaged files, hostile answers and torn streams do to rareflow?
// Fair because: every case is a random change (seeded) of a file, answer or stream that is right, played by the library and the command
// themselves in a separate process; a wrong result without a message, an end by a signal, a silence of 10 s, more memory than
// the bound and a message that no user can act on each count as a finding, and the bench fails with the command that plays it again.
// npm run bench -- fuzz [--minutes 20] [--seed 1] [--target NAME] [--from CASE] [--cases N]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { parseArgs } from 'node:util';
import { targets } from './fuzz/targets.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    from: { type: 'string', default: '0' },
    cases: { type: 'string' },
  },
});
const HANG_MS = 10_000;
/** Anonymous memory that a target's process may take. */
const MEMORY_BOUND_MB = 600;
const child = path.join(import.meta.dirname, 'fuzz/child.ts');

interface Figures {
  cases: number;
  right: number;
  refused: number;
  peakMb: number;
  findings: { number: number; what: string }[];
}

/** Plays a target until its time is over; a process that ends or hangs is replaced, and the later cases continue. */
async function playTarget(name: string, until: number): Promise<Figures> {
  const figures: Figures = { cases: 0, right: 0, refused: 0, peakMb: 0, findings: [] };
  let next = Number(values.from);
  const last = values.cases === undefined ? Number.POSITIVE_INFINITY : next + Number(values.cases);
  const find = (number: number, what: string) => figures.findings.push({ number, what });
  while (Date.now() < until && next < last && figures.findings.length < 20) {
    const folder = mkdtempSync(path.join(os.tmpdir(), `rareflow-fuzz-${name}-`));
    const playing = spawn(process.execPath, ['--import', 'tsx', child, name, values.seed, String(next), folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let running: number | undefined;
    let ready = false;
    let ended = false;
    let stderr = '';
    playing.stderr.setEncoding('utf8').on('data', (text) => {
      stderr = (stderr + text).slice(-2000);
    });
    let heard = Date.now();
    const watch = setInterval(() => {
      const used = anonymousMb(playing.pid);
      figures.peakMb = Math.max(figures.peakMb, used);
      if (ready && Date.now() - heard > HANG_MS) {
        find(running ?? next, 'no end within 10 s');
        next = (running ?? next) + 1;
        stop();
      } else if (used > MEMORY_BOUND_MB) {
        find(running ?? next, `${used} MB of memory`);
        next = (running ?? next) + 1;
        stop();
      } else if (Date.now() > until) stop();
    }, 100);
    const stop = () => {
      ended = true;
      playing.kill('SIGKILL');
    };
    for await (const line of readline.createInterface({ input: playing.stdout })) {
      heard = Date.now();
      const message = JSON.parse(line);
      if (message.ready) ready = true;
      if (message.begun !== undefined) running = message.begun;
      if (message.number === undefined) continue;
      running = undefined;
      next = message.number + 1;
      figures.cases += 1;
      if (message.outcome === 'right' || message.outcome === 'refused')
        figures[message.outcome as 'right' | 'refused'] += 1;
      else find(message.number, message.outcome === 'obscure' ? `obscure: ${message.message}` : message.outcome);
      if (next >= last || figures.findings.length >= 20) stop();
    }
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      if (playing.exitCode !== null || playing.signalCode !== null) resolve([playing.exitCode, playing.signalCode]);
      else playing.on('close', (...ends) => resolve(ends));
    });
    clearInterval(watch);
    rmSync(folder, { recursive: true, force: true });
    if (ended) continue;
    if (!ready) throw new Error(`${name} cannot be prepared: ${stderr}`);
    find(running ?? next, `the process ended with ${signal ?? `code ${code}`}: ${stderr.slice(-300)}`);
    next = (running ?? next) + 1;
  }
  return figures;
}

function anonymousMb(pid: number | undefined): number {
  try {
    const kb = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kb ?? 0) / 1024);
  } catch {
    return 0;
  }
}

const names = values.target === undefined ? Object.keys(targets) : [values.target];
const shareMs = (Number(values.minutes) * 60_000) / names.length;
let found = 0;
for (const name of names) {
  const { findings, ...figures } = await playTarget(name, Date.now() + shareMs);
  found += findings.length;
  console.log(
    JSON.stringify({ bench: 'fuzz', target: name, seed: Number(values.seed), ...figures, findings: findings.length }),
  );
  for (const { number, what } of findings) {
    console.log(`  npm run bench -- fuzz --target ${name} --seed ${values.seed} --from ${number} --cases 1: ${what}`);
  }
}
process.exitCode = found === 0 ? 0 : 1;
