import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Calls back at the end of a test, as its context does. */
export interface FolderEnd {
  after(end: () => void): void;
}

/** Makes a folder that is removed when the test ends. */
export function workFolder(t: FolderEnd): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes records as JSONL and returns the path. */
export function writeRecords(folder: string, name: string, records: Iterable<unknown>): string {
  const file = path.join(folder, name);
  writeFileSync(file, [...records].map((record) => `${JSON.stringify(record)}\n`).join(''));
  return file;
}
