import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rareflow, root, runCommand } from './support/command.js';
import { workFolder } from './support/workFolder.js';

const examples = path.join(root, 'examples/cluster');
const starter = ['../shared', '../../shared']
  .map((folder) => path.resolve(root, folder, 'cluster/slurm.sh'))
  .find((file) => existsSync(file));

/**
 * Starts Slurm in a folder and something else meanwhile, and returns the environment of Slurm's commands and the promise of the
 * other; undefined, and the test is skipped, if there is no Slurm.
 */
async function slurm(
  t: TestContext,
  folder: string,
  meanwhile: () => Promise<unknown>,
): Promise<{ env: NodeJS.ProcessEnv; ran: Promise<unknown> } | undefined> {
  if (spawnSync('sh', ['-c', 'command -v sbatch && command -v slurmctld && command -v munge']).status !== 0)
    t.skip('no Slurm here: apt-get install slurm-wlm munge');
  else if (starter === undefined) t.skip('no ../shared/cluster/slurm.sh, which starts Slurm');
  else if (await isListening(6817)) t.skip('another Slurm is running on this machine');
  else {
    // Its servers stay, so the output is a file, which need not be closed for the starter to end.
    const output = path.join(folder, 'starter.txt');
    const starting = spawn(starter, [folder], { stdio: ['ignore', openSync(output, 'w'), 'ignore'], timeout: 60_000 });
    const ran = meanwhile();
    ran.catch(() => {});
    const [code] = await once(starting, 'exit');
    assert.equal(code, 0, 'the starter of Slurm failed');
    const line = readFileSync(output, 'utf8');
    return { env: { ...process.env, SLURM_CONF: /SLURM_CONF=(.*)/.exec(line)?.[1] }, ran };
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

test('the shards of the Slurm example, merged, are the output of one process', async (t) => {
  const work = workFolder(t);
  const file = (name: string) => path.join(work, name);
  const lines = readFileSync(path.join(root, 'examples/corpus.jsonl'), 'utf8').split('\n').slice(0, 24);
  writeFileSync(file('corpus.jsonl'), `${lines.join('\n')}\n`);
  const index = ['--index', file('shared.bm25'), '--model', 'offline'];
  const started = await slurm(t, work, () =>
    runCommand(['run', file('corpus.jsonl'), '-o', file('one.jsonl'), ...index]),
  );
  if (started === undefined) return;
  const { env, ran } = started;
  try {
    await ran;
    const variables = { CORPUS: 'corpus.jsonl', INDEX: 'shared.bm25', OUT: 'out', RAREFLOW: rareflow.join(' ') };
    const options = { cwd: work, env: { ...env, ...variables }, timeout: 60_000, encoding: 'utf8' as const };
    execFileSync('sbatch', ['--array=1-2', path.join(examples, 'slurm.sh'), '--model', 'offline'], options);
    while (execFileSync('squeue', ['-h'], options) !== '') await sleep(200);
    const merged = await runCommand(['merge', file('out'), '-o', file('all.jsonl')]);
    assert.match(merged.stderr, /merged 2 shards in .*: 24 in = 24 out/);
    assert.equal(readFileSync(file('all.jsonl'), 'utf8'), readFileSync(file('one.jsonl'), 'utf8'));
  } finally {
    const pids = ['ctld.pid', 'slurmd.pid'].map((name) => Number(readFileSync(path.join(work, name), 'utf8')));
    execFileSync(starter as string, ['stop', work]);
    // They write to the folder until they end.
    for (let waits = 0; waits < 100 && pids.some(isAlive); waits++) await sleep(100);
  }
});
