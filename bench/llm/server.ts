import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { StandInOptions } from '../../src/standIn/server.js';

/** What the server saw, from its first call until the client's input was exhausted; counts are of the whole run. */
export interface ServerReport {
  calls: number;
  served: number;
  limited: number;
  peakInFlight: number;
  seconds: number;
  /** The integral of busy slots over slots × time. */
  utilisation: number;
  servedPerSecond: number;
  tokensPerSecond: number;
}

export interface BenchServer {
  baseUrl: string;
  /** The input has ended: the measure ends here. */
  exhausted(): void;
  /** What it measured; it ends with that. */
  report(): Promise<ServerReport>;
}

/** Starts a stand-in in another process, so that client and server share no event loop. */
export async function startServer(options: StandInOptions & { slots: number }): Promise<BenchServer> {
  const file = path.join(import.meta.dirname, 'standInProcess.ts');
  const child = fork(file, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] });
  const [baseUrl] = (await once(child, 'message')) as [string];
  return {
    baseUrl,
    exhausted: () => child.send('exhausted'),
    async report() {
      child.send('report');
      const [report] = (await once(child, 'message')) as [ServerReport];
      return report;
    },
  };
}
