import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Outage } from '../options.js';

const RETRY_MS = 100;

/**
 * Restarts a server once: its connections are reset at `fromMs`, and new ones refused until `untilMs`. The times count from now.
 * Calls `listen` to open its port again, and repeats that while another process has it. Returns a function that cancels what
 * is left of it.
 */
export function planRestart(server: Server, { fromMs, untilMs }: Outage, listen: () => Promise<void>): () => void {
  const cancelled = new AbortController();
  const { signal } = cancelled;
  // While the port is closed, nothing else may keep the process alive.
  const wait = (ms: number) => delay(ms, undefined, { signal });
  const restart = async () => {
    await wait(fromMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await Promise.all([closed, wait(untilMs - fromMs)]);
    while (!signal.aborted) {
      try {
        return await listen();
      } catch {
        await wait(RETRY_MS);
      }
    }
  };
  // It ends early only if it is cancelled.
  restart().catch(() => {});
  return () => cancelled.abort();
}
