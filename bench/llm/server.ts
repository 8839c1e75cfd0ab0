import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { LedgerSums } from '../../src/standIn/http/ledger.js';

/** The figures of the server about its calls so far. */
export type ServerSums = LedgerSums & {
  /** The integral of busy slots over slots × time, until the last record was first asked about. */
  utilisation: number;
};

export interface BenchServer {
  baseUrl: string;
  sums(): Promise<ServerSums>;
  stop(): Promise<void>;
}

const command = path.join(import.meta.dirname, '../../src/cli/main.ts');

/** Runs `rareflow stand-in` with flags, so that client and server share no process. */
export async function startServer(flags: string[], slots: number): Promise<BenchServer> {
  const child = spawn(process.execPath, ['--import', 'tsx', command, 'stand-in', ...flags], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const baseUrl = line.trim();
  const ledger = new URL(`/stand-in/ledger?slots=${slots}`, baseUrl);
  return {
    baseUrl,
    sums: async () => (await (await fetch(ledger)).json()) as ServerSums,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    },
  };
}
