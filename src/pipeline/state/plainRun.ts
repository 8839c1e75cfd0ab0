import { existsSync, readFileSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { RareflowError, UsageError } from '../../errors.js';
import { decodeValue, encodeValue } from '../../store/storedValue.js';
import { damagedStore, storeError } from '../../store/storeErrors.js';
import { OwnerFiles, writeFileDurably } from './ownerFiles.js';
import { STATE_FILE } from './plainState.js';
import type { RunKeeper } from './runKeeper.js';
import type { RunState } from './runState.js';

/** Returns the state in a folder; undefined if there is none. Throws DamagedStoreError if it is damaged. */
export function readPlainState(folder: string): RunState | undefined {
  const path = join(folder, STATE_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return decodeValue('run', readFileSync(path)) as RunState;
  } catch (error) {
    throw damagedStore(path, error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Keeps the state of a run in a plain file, for network file systems: it is written beside, synced and renamed, so that any machine
 * sees one whole state.
 */
export class PlainRun implements RunKeeper {
  readonly #folder: string;
  readonly #path: string;
  readonly #owner: OwnerFiles;

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, STATE_FILE);
    this.#owner = this.#guarded(() => new OwnerFiles(folder));
  }

  read(): RunState | undefined {
    return readPlainState(this.#folder);
  }

  write(state: RunState): void {
    this.#requireOwner();
    this.#guarded(() => writeFileDurably(this.#path, encodeValue('run', state)));
  }

  async writeAsync(state: RunState): Promise<void> {
    this.#requireOwner();
    const beside = `${this.#path}.partial`;
    try {
      const file = await open(beside, 'w');
      try {
        await file.writeFile(encodeValue('run', state));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }

  forget(): void {
    this.#guarded(() => rmSync(this.#path, { force: true }));
  }

  results(): never {
    throw new UsageError(
      'a sample in the order of the input keeps its results in LMDB, which cannot be on a network file system',
      {
        hint: 'write to a local disk, or pass --unordered',
      },
    );
  }

  async close(isEmpty: boolean): Promise<void> {
    this.#guarded(() => this.#owner.release(isEmpty));
  }

  /** Throws RareflowError if another process took over while this one was silent, such as a frozen one. */
  #requireOwner(): void {
    if (this.#owner.isOwner) return;
    throw new RareflowError(`${this.#folder}: another process has taken this run over`, {
      hint: 'this process was silent for too long; let the other one finish',
    });
  }

  #guarded<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }
}
