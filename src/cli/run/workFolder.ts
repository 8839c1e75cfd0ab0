import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OutputError } from '../../errors.js';
import { say } from '../progress/terminal.js';
import { runFolderPath } from '../runFolderPath.js';
import { abortOnInterrupt } from './interrupt.js';

/** The folder of the index and of copies of the input. */
export interface WorkFolder {
  /** Returns the path of a file or folder in it; the first call creates the folder. */
  path(name: string): string;
  /** Copies stdin ('-') or a pipe to disk, because it is read twice: for the index and for the questions. Returns the path. */
  spool(input: string, why?: string): Promise<string>;
  /** Removes the copies, and the folder if it is temporary or empty. */
  close(): void;
}

/** Makes a work folder: OUTPUT.rareflow, or a temporary folder for a run that writes to stdout. An exit of the process closes it. */
export function workFolder(output: string | undefined): WorkFolder {
  const kept = runFolderPath(output);
  let folder: string | undefined;
  const copies: string[] = [];

  const open = () => {
    if (kept === undefined) return mkdtempSync(path.join(os.tmpdir(), 'rareflow-'));
    if (!existsSync(kept)) mkdirSync(kept);
    return kept;
  };
  const close = () => {
    process.off('exit', close);
    for (const copy of copies) rmSync(copy, { force: true });
    if (folder === undefined) return;
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    else if (readdirSync(folder).length === 0) rmdirSync(folder);
    folder = undefined;
  };
  const pathOf = (name: string) => {
    folder ??= open();
    return path.join(folder, name);
  };
  process.on('exit', close);

  return {
    path: pathOf,
    async spool(input, why = 'to index it before the first question') {
      const copy = pathOf(`input-${copies.length}.jsonl`);
      copies.push(copy);
      const name = input === '-' ? 'stdin' : input;
      say(`rareflow: copying ${name} to ${copy} first, ${why}`);
      using interrupt = abortOnInterrupt();
      try {
        const source = input === '-' ? process.stdin : createReadStream(input);
        await pipeline(source, createWriteStream(copy), { signal: interrupt.signal });
      } catch (cause) {
        interrupt.signal.throwIfAborted();
        const hint = 'free some space, or build the index first and pass it with --index';
        throw new OutputError(cause instanceof Error ? cause.message : String(cause), { path: copy, cause, hint });
      }
      return copy;
    },
    close,
  };
}
