// Question: what does each way of stopping a run cost?
// Fair because: the command runs as users start it, in a process of its own, under nohup and in a terminal of tmux that is closed;
// each run is stopped once in mid-run and then resumed by the same command; the stand-in counts the calls, and the output must equal
// that of a run that nobody stopped, so calls paid again are the calls beyond its number.
// npm run -s build && npm run -s bench -- signals [--records 200] [--concurrency 8]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startStandIn } from '../src/standIn/http/server.js';

const { values } = parseArgs({
  options: { records: { type: 'string', default: '200' }, concurrency: { type: 'string', default: '8' } },
});
const records = Number(values.records);
const built = path.resolve(import.meta.dirname, '../dist/cli/main.js');
const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-signals-'));

/** A run that was started: a way to stop it, and the code that it ends with. */
interface Started {
  stop(): void;
  code: Promise<number>;
}

const signalled = (signal: NodeJS.Signals, before: string[] = []) => {
  return (command: string[]): Started => {
    const [program = '', ...args] = [...before, ...command];
    const child = spawn(program, args, { cwd: folder, stdio: 'ignore' });
    return {
      stop: () => void child.kill(signal),
      code: new Promise((resolve) => child.on('close', (code) => resolve(code ?? -1))),
    };
  };
};

/** In a terminal of tmux, whose window is closed: the run gets SIGHUP, and its standard streams are gone. */
function closedTerminal(command: string[]): Started {
  const [session, codeFile] = [path.basename(folder), path.join(folder, 'code')];
  rmSync(codeFile, { force: true });
  const line = command.map((word) => `'${word}'`).join(' ');
  // As an interactive shell does, this one passes SIGHUP on; it stays to write down the code.
  const script = `exec 3<&0; ${line} <&3 & p=$!; trap "kill -HUP $p" HUP; wait $p; wait $p; echo $? > '${codeFile}'`;
  spawnSync('tmux', ['-L', session, 'new-session', '-d', '-s', session, '-c', folder, 'sh', '-c', script]);
  return {
    stop: () => void spawnSync('tmux', ['-L', session, 'kill-session', '-t', session]),
    code: (async () => {
      while (!existsSync(codeFile) || readFileSync(codeFile, 'utf8') === '') await setTimeout(50);
      return Number(readFileSync(codeFile, 'utf8'));
    })(),
  };
}

const ways: Record<string, (command: string[]) => Started> = {
  SIGINT: signalled('SIGINT'),
  SIGTERM: signalled('SIGTERM'),
  SIGHUP: signalled('SIGHUP'),
  'SIGHUP under nohup': signalled('SIGHUP', ['nohup']),
  ...(spawnSync('tmux', ['-V']).status === 0 && { 'the window of tmux is closed': closedTerminal }),
};

const input = Array.from({ length: records }, (_, n) => ({
  id: `d${n}`,
  text: `Day ${n}: the tide turns twice, late.`,
}));
writeFileSync(path.join(folder, 'in.jsonl'), input.map((record) => `${JSON.stringify(record)}\n`).join(''));
const idsOf = (name: string) =>
  readFileSync(path.join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id)
    .join();
const expected = input.map(({ id }) => id).join();
let failed = false;
for (const [at, [way, start]] of Object.entries(ways).entries()) {
  const server = await startStandIn({ medianMs: 100 });
  const output = `out${at}.jsonl`;
  const command = [
    ...[process.execPath, built, 'doc2query', 'in.jsonl', '-o', output, '--model', 'm', '--base-url', server.baseUrl],
    ...['--no-config', '--no-cache', '--concurrency', values.concurrency],
  ];
  const run = start(command);
  while (server.ledger.sums().calls < records / 3) await setTimeout(5);
  run.stop();
  const stoppedCode = await run.code;
  const callsBefore = server.ledger.sums().calls;
  const resumedCode = await signalled('SIGINT')(command).code;
  const { calls } = server.ledger.sums();
  const isSame = idsOf(output) === expected;
  const figures = { stoppedCode, callsBefore, resumedCode, paidAgain: calls - records, isSame };
  console.log(JSON.stringify({ bench: 'signals', way, records, ...figures }));
  failed ||= stoppedCode !== 4 || resumedCode !== 0 || calls !== records || !isSame;
  await server.close();
}
rmSync(folder, { recursive: true });
process.exitCode = failed ? 1 : 0;
