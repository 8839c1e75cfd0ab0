import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OutputError } from '../errors.js';
import { isDevice } from './files.js';
import { abortOnInterrupt } from './interrupt.js';
import { say } from './terminal.js';

/** Where a run keeps what it needs besides its output: OUTPUT.rareflow, or a temporary folder when it writes to stdout. */
export function workFolder(output: string | undefined) {
  let folder: string | undefined;
  let spooled: string | undefined;
  const open = async () => {
    if (output === undefined || output === '-' || isDevice(output)) return mkdtemp(path.join(os.tmpdir(), 'rareflow-'));
    const kept = `${output}.rareflow`;
    if (!existsSync(kept)) await mkdir(kept);
    return kept;
  };
  const pathOf = async (name: string) => {
    folder ??= await open();
    return path.join(folder, name);
  };
  return {
    path: pathOf,
    /** Copies stdin to disk: it is read twice, once for the index and once for the questions. */
    async spool(): Promise<string> {
      spooled = await pathOf('stdin.jsonl');
      say(`rareflow: copying stdin to ${spooled} first, to index all of it before the first question`);
      using interrupt = abortOnInterrupt();
      try {
        await pipeline(process.stdin, createWriteStream(spooled), { signal: interrupt.signal });
      } catch (cause) {
        interrupt.signal.throwIfAborted();
        throw new OutputError(cause instanceof Error ? cause.message : String(cause), {
          path: spooled,
          cause,
          hint: 'free some space, or index the corpus first',
        });
      }
      return spooled;
    },
    async close(): Promise<void> {
      if (spooled !== undefined) await rm(spooled, { force: true });
      if (folder === undefined) return;
      if (folder !== `${output}.rareflow`) await rm(folder, { recursive: true, force: true });
      else await rmdir(folder).catch(() => {}); // stays where it holds an index
    },
  };
}
