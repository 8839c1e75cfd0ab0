import { existsSync, renameSync } from 'node:fs';
import path from 'node:path';
import { RareflowError } from '../../errors.js';
import { fileLines } from '../../io/read/fileLines.js';
import { freePath } from '../../io/write/atomicFile.js';
import { recordsFileOf } from '../../io/write/durableRecords.js';
import { lockFile } from '../../pipeline/state/fileLock.js';
import { DamagedStoreError } from '../../store/storeErrors.js';
import { formatCount, say } from '../progress/terminal.js';

/** Returns the error for a run whose store is damaged, with what can be saved. */
export async function damagedRun(output: string, cause: DamagedStoreError): Promise<DamagedStoreError> {
  const partial = `${recordsFileOf(output)}.partial`;
  const newRun = 'start a new run (--resume never keeps the old files as .old)';
  if (!existsSync(partial)) return new DamagedStoreError(cause.message, { cause, hint: newRun });
  const complete = formatCount(await completeRecords(partial));
  return new DamagedStoreError(`${cause.message}; ${partial} holds ${complete} complete records`, {
    cause,
    hint: `go on from them (--resume rebuild), or ${newRun}`,
  });
}

/** Renames the damaged store in the folder of a run. Throws RareflowError if another process has it open. */
export function setDamagedStoreAside(folder: string): void {
  const data = path.join(folder, 'run', 'data.mdb');
  const lock = existsSync(data) ? lockFile(data) : undefined;
  if (lock === 'held') {
    throw new RareflowError(`${folder}: another process is writing this run`, { hint: 'wait for it, or stop it' });
  }
  lock?.release();
  const name = existsSync(path.join(folder, 'run')) ? 'run' : 'state.json';
  const target = freePath(path.join(folder, `${name}.damaged`));
  renameSync(path.join(folder, name), target);
  say(`rareflow: the damaged store of an earlier run was renamed to ${target}`);
}

async function completeRecords(file: string): Promise<number> {
  let count = 0;
  for await (const line of fileLines(file)) {
    try {
      JSON.parse(line.toString());
      count += 1;
    } catch {
      // The run was killed while it wrote the last line.
    }
  }
  return count;
}
