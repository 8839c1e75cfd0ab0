import { randomBytes } from 'node:crypto';
import { constants, copyFile, mkdir, open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { IndexError, outputError } from '../../errors.js';
import { DataFileWriter } from '../format/dataFile.js';
import { liveDataFile, MANIFEST_NAME, type ManifestContent, writeManifest } from '../format/manifest.js';
import { type DataMeta, openStreams, type SegmentMeta, type Streams } from '../format/segmentWriter.js';

/** `<time>-<pid>-<random>`: a data file, or the manifest that will name it. */
const OURS = /^[0-9a-z]+-(\d+)-[0-9a-f]+\.data(\.json)?$/;

/** Data files that this process is writing. */
const inProgress = new Set<string>();

/** A data file that is being written beside the live one. `commit` makes it the index; `abort` removes every trace of it. */
export class IndexCommit {
  readonly streams: Streams;
  readonly #writer: DataFileWriter;
  #open = true;
  #dataChecksum = 0;

  readonly #path: string;
  readonly #name: string;

  private constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
    this.#writer = new DataFileWriter(join(path, name));
    this.streams = openStreams(this.#writer);
  }

  /** Begins a commit in the folder `path`, which is made if it is missing; `base` is a data file of the folder to start from. */
  static async begin(path: string, base?: string): Promise<IndexCommit> {
    await makeFolder(path);
    const name = `${Date.now().toString(36)}-${process.pid}-${randomBytes(4).toString('hex')}.data`;
    const file = join(path, name);
    inProgress.add(file);
    try {
      if (base) await copyFile(join(path, base), file, constants.COPYFILE_FICLONE);
      return new IndexCommit(path, name);
    } catch (error) {
      await discard(path, file);
      throw outputError(error, file);
    }
  }

  get file(): string {
    return join(this.#path, this.#name);
  }

  /** Ends the data file; nothing can be added afterwards. */
  close(segments: SegmentMeta[]): void {
    for (const stream of Object.values(this.streams)) stream.finish();
    this.#dataChecksum = this.#writer.close({ segments } satisfies DataMeta);
    this.#open = false;
  }

  /** Syncs the closed data file, makes it the index, and removes unused data files. Resolves to its size in bytes. */
  async commit(content: Omit<ManifestContent, 'data' | 'dataBytes' | 'dataChecksum'>): Promise<number> {
    const dataBytes = await this.#publish(content).catch((error) => {
      throw outputError(error, this.#path);
    });
    inProgress.delete(this.file);
    await removeStaleDataFiles(this.#path);
    return dataBytes;
  }

  async #publish(content: Omit<ManifestContent, 'data' | 'dataBytes' | 'dataChecksum'>): Promise<number> {
    await sync(this.file);
    const dataBytes = (await stat(this.file)).size;
    const data = { data: this.#name, dataBytes, dataChecksum: this.#dataChecksum };
    await writeManifest(this.#path, { ...data, ...content }, `${this.#name}.json`);
    await sync(this.#path);
    return dataBytes;
  }

  async abort(): Promise<void> {
    if (this.#open) this.#writer.abort();
    this.#open = false;
    await discard(this.#path, this.file);
  }
}

async function discard(path: string, file: string): Promise<void> {
  inProgress.delete(file);
  for (const suffix of ['', '.json']) await rm(file + suffix, { force: true });
  await removeEmptyFolder(path);
}

/** Removes the index at `path`; files that are not part of it stay. */
export async function removeIndex(path: string): Promise<void> {
  await rm(join(path, MANIFEST_NAME), { force: true });
  await removeStaleDataFiles(path);
}

export async function removeEmptyFolder(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error;
  });
}

/** Makes the folder of an index. Refuses one that holds anything else. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw outputError(error, path);
    }
    throw new IndexError(`${path} is a file, and an index is a folder`, { hint: 'choose another path', cause: error });
  }
  const names = await readdir(path);
  const stranger = names.includes(MANIFEST_NAME) ? undefined : names.find((name) => !OURS.test(name));
  if (stranger !== undefined) {
    throw new IndexError(`${path} is a folder with other files in it (${basename(stranger)}), and not an index`, {
      hint: 'choose another path',
    });
  }
}

/** Removes the data files that are neither the index nor being written. */
async function removeStaleDataFiles(path: string): Promise<void> {
  for (const name of await readdir(path).catch(() => [])) {
    const pid = Number(OURS.exec(name)?.[1]);
    const data = name.replace(/\.json$/, '');
    if (Number.isNaN(pid) || isBeingWritten(join(path, data), pid)) continue;
    // Read after that check: a file whose writer has just finished is now the index.
    if (data === (await liveDataFile(path))) continue;
    await rm(join(path, name), { force: true }).catch(ignoreBusy);
  }
}

/** Returns true for a file of this process in progress, and for one of another process as long as it lives. */
function isBeingWritten(file: string, pid: number): boolean {
  if (pid === process.pid) return inProgress.has(file);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Windows keeps files that a reader has open; a later build removes them. */
function ignoreBusy(error: NodeJS.ErrnoException): void {
  if (!['EBUSY', 'EPERM', 'EACCES'].includes(error.code ?? '')) throw error;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Windows and some file systems cannot sync a folder, or a file opened for reading.
    if (!['EPERM', 'EINVAL', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}
