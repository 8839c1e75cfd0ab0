// Network namespaces: each is a machine of its own, with a server that only it reaches, joined to this one by a veth pair.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { StandInOptions } from '../../src/standIn/options.js';
import type { BenchServer, ServerSums } from './harness.js';
import { startProgram } from './harness.js';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

export interface Machine {
  /** The address of this machine, as that one reaches it. */
  head: string;
  /** The words that enter it, before a command. */
  within: string[];
}

export interface Machines extends Disposable {
  all: Machine[];
  /** The kind of network between them, and the reason if it is none of namespaces. */
  network: string;
}

/** Makes namespaces; where that is not allowed, machines of this one's loopback. */
export function openMachines(count: number, wanted: string): Machines {
  const made: string[] = [];
  const close = () => {
    for (const name of made) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It is gone, and its veth pair with it.
      }
    }
  };
  const loopback = (network: string): Machines => ({
    ...{ network, all: Array.from({ length: count }, () => ({ head: '127.0.0.1', within: [] })) },
    [Symbol.dispose]: close,
  });
  if (wanted !== 'namespaces') return loopback('loopback');
  try {
    const all = Array.from({ length: count }, (_, index) => {
      const name = `rfq${process.pid}-${index}`;
      const link = `rfq${process.pid % 10_000}${index}`;
      const [head, far] = [`10.201.${index}.1`, `10.201.${index}.2`];
      ip('netns', 'add', name);
      made.push(name);
      ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      ip('addr', 'add', `${head}/30`, 'dev', link);
      ip('link', 'set', link, 'up');
      const inside = (...args: string[]) => ip('-n', name, ...args);
      inside('addr', 'add', `${far}/30`, 'dev', 'eth0');
      inside('link', 'set', 'eth0', 'up');
      inside('link', 'set', 'lo', 'up');
      return { head, within: ['ip', 'netns', 'exec', name] };
    });
    return { all, network: 'a network namespace for each worker and its server, veth pairs', [Symbol.dispose]: close };
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    return loopback(`loopback: no network namespaces (${String(stderr ?? error).trim()})`);
  }
}

/** Starts a server in a machine: a process of its own, which reports its sums. */
export async function startServerIn({ within }: Machine, standIn: StandInOptions): Promise<BenchServer> {
  const script = path.join(import.meta.dirname, 'serverProcess.ts');
  const words = [...within, process.execPath, '--import', import.meta.resolve('tsx'), script, JSON.stringify(standIn)];
  const { child, ended } = startProgram(words, { ipc: true });
  let sums: ServerSums = { calls: 0, promptTokens: 0, completionTokens: 0, untoldCalls: 0, statuses: {} };
  const baseUrl = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { baseUrl: string; sums: ServerSums }) => {
      sums = message.sums;
      resolve(message.baseUrl);
    });
    void ended.then(({ text }) => reject(new Error(`a server did not start: ${text}`)));
  });
  return {
    baseUrl,
    sums: () => sums,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
