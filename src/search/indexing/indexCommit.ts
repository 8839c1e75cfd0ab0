import { randomBytes } from 'node:crypto';
import { constants, copyFile, mkdir, open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { IndexError, OutputError } from '../../errors.js';
import { DataFileWriter } from '../format/dataFile.js';
import { liveDataFile, MANIFEST_NAME, type ManifestContent, writeManifest } from '../format/manifest.js';
import { type DataMeta, openStreams, type SegmentMeta, type Streams } from '../format/segmentWriter.js';

/** `<time>-<pid>-<random>`: a data file, or the manifest that will name it. */
const OURS = /^[0-9a-z]+-(\d+)-[0-9a-f]+\.data(\.json)?$/;

/** Data files that this process is writing. */
const inProgress = new Set<string>();

/** A data file in the making, beside the live one. It becomes the index by `commit`, or leaves no trace by `abort`. */
export class Generation {
  readonly streams: Streams;
  readonly #writer: DataFileWriter;
  #open = true;

  private constructor(
    private readonly path: string,
    private readonly name: string,
  ) {
    this.#writer = new DataFileWriter(join(path, name));
    this.streams = openStreams(this.#writer);
  }

  /** Begins one in the folder `path`, made if need be; `base`: a data file of the folder to start from. */
  static async begin(path: string, base?: string): Promise<Generation> {
    await makeFolder(path);
    const name = `${Date.now().toString(36)}-${process.pid}-${randomBytes(4).toString('hex')}.data`;
    const file = join(path, name);
    inProgress.add(file);
    try {
      if (base) await copyFile(join(path, base), file, constants.COPYFILE_FICLONE);
      return new Generation(path, name);
    } catch (error) {
      await discard(path, file);
      throw error;
    }
  }

  get file(): string {
    return join(this.path, this.name);
  }

  /** Ends the data file; nothing can be added after that. */
  close(segments: SegmentMeta[]): void {
    for (const stream of Object.values(this.streams)) stream.finish();
    this.#writer.close({ segments } satisfies DataMeta);
    this.#open = false;
  }

  /** Syncs the closed data file, makes it the index, and removes those that nobody needs; resolves to its size in bytes. */
  async commit(content: Omit<ManifestContent, 'data' | 'dataBytes'>): Promise<number> {
    await sync(this.file);
    const dataBytes = (await stat(this.file)).size;
    await writeManifest(this.path, { data: this.name, dataBytes, ...content }, `${this.name}.json`);
    await sync(this.path);
    inProgress.delete(this.file);
    await removeGenerations(this.path);
    return dataBytes;
  }

  async abort(): Promise<void> {
    if (this.#open) this.#writer.abort();
    this.#open = false;
    await discard(this.path, this.file);
  }
}

async function discard(path: string, file: string): Promise<void> {
  inProgress.delete(file);
  for (const suffix of ['', '.json']) await rm(file + suffix, { force: true });
  await removeEmptyFolder(path);
}

/** Removes the index at `path`; what is no part of it stays. */
export async function removeIndex(path: string): Promise<void> {
  await rm(join(path, MANIFEST_NAME), { force: true });
  await removeGenerations(path);
}

export async function removeEmptyFolder(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(error.code ?? '')) throw error;
  });
}

/** Makes the folder of an index; refuses one that holds anything else. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new OutputError('cannot make the folder of the index', { path, cause: error });
    }
    throw new IndexError(`${path} is a file, and an index is a folder`, { hint: 'choose another path', cause: error });
  }
  const names = await readdir(path);
  const stranger = names.includes(MANIFEST_NAME) ? undefined : names.find((name) => !OURS.test(name));
  if (stranger !== undefined) {
    throw new IndexError(`${path} is a folder with other files in it (${basename(stranger)}), and no index`, {
      hint: 'choose another path',
    });
  }
}

/** Removes the data files that are neither being written nor the index. */
async function removeGenerations(path: string): Promise<void> {
  for (const name of await readdir(path).catch(() => [])) {
    const pid = Number(OURS.exec(name)?.[1]);
    const data = name.replace(/\.json$/, '');
    if (Number.isNaN(pid) || isBeingWritten(join(path, data), pid)) continue;
    // Asked after that: a file whose writer has just finished is the index by now.
    if (data === (await liveDataFile(path))) continue;
    await rm(join(path, name), { force: true }).catch(ignoreBusy);
  }
}

/** Another process's file counts as being written as long as the process lives. */
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
