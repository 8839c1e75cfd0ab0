import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OutputError } from '../../errors.js';
import type { DurableSink } from '../../flow/durableSink.js';
import { codeOf, outputError } from '../systemErrors.js';
import { checkOutputFile, finalPath, writeWhole } from './atomicFile.js';
import { LineSink } from './lineSink.js';
import { jsonOf } from './writeJsonl.js';

export interface JsonlFileOptions {
  /** Write `PATH.partial`, which becomes PATH when the run is done; otherwise PATH itself, made with its first line. Default true. */
  partial?: boolean | undefined;
}

/** A file of JSON Lines for a run that can be gone on with (`runPipeline`'s checkpoint). */
export function jsonlFile(path: string, { partial = true }: JsonlFileOptions = {}): DurableSink {
  return new JsonlFile(path, partial);
}

class JsonlFile implements DurableSink {
  /** How long the file was when it was opened. */
  private before = 0;
  /** It is no file, so it has no length and is never cut. */
  private isDevice = false;
  private handle: Promise<FileHandle> | undefined;
  private readonly lines = new LineSink({
    write: (bytes) => this.guarded(async () => writeWhole(await this.opened(), bytes)),
    commit: async () => {},
    abandon: async () => {},
  });

  constructor(
    readonly path: string,
    private readonly isPartial: boolean,
  ) {}

  get bytes(): number {
    return this.isDevice ? 0 : this.before + this.lines.bytes;
  }

  async check(isResumed: boolean): Promise<void> {
    if (this.isPartial) await checkOutputFile(this.path, { mayBePartial: isResumed });
  }

  async isFinished(bytes: number): Promise<boolean> {
    return this.isPartial && (await sizeOf(await this.working())) === undefined && (await sizeOf(this.path)) === bytes;
  }

  open(bytes: number): Promise<void> {
    return this.guarded(async () => {
      const working = await this.working();
      const there = await stat(working).catch(() => undefined);
      this.isDevice = there !== undefined && !there.isFile();
      if (this.isDevice) return;
      this.before = bytes;
      if (bytes === 0) {
        await rm(working, { force: true });
        if (this.isPartial) await this.opened();
        return;
      }
      const found = (await sizeOf(working)) ?? 0;
      if (found < bytes) {
        throw new OutputError(`holds ${found} bytes of the ${bytes} that were written`, {
          path: working,
          hint: 'put it back as it was, or start anew (--resume never)',
        });
      }
      await (await this.opened()).truncate(bytes);
    });
  }

  append(item: unknown): Promise<void> | undefined {
    return this.lines.add(`${jsonOf(item)}\n`);
  }

  async sync(): Promise<void> {
    await this.lines.flush();
    if (this.handle !== undefined) await this.guarded(async () => this.isDevice || (await this.opened()).datasync());
  }

  async finish(): Promise<void> {
    await this.sync();
    await this.close();
    if (!this.isPartial) return;
    await this.guarded(async () => {
      const target = await finalPath(this.path);
      await rename(await this.working(), target);
      await syncFolder(dirname(target));
    });
  }

  async close(): Promise<void> {
    await this.lines.abandon();
    const { handle } = this;
    this.handle = undefined;
    await handle?.then((file) => file.close()).catch(() => {});
  }

  async discard(): Promise<void> {
    await this.close();
    if (this.isPartial) await rm(await this.working(), { force: true }).catch(() => {});
  }

  async setAside(): Promise<string | undefined> {
    const working = await this.working();
    if (!(await sizeOf(working))) return undefined;
    const place = `${working}.old`;
    await this.guarded(() => rename(working, place));
    return place;
  }

  private async working(): Promise<string> {
    return this.isPartial ? `${await finalPath(this.path)}.partial` : this.path;
  }

  /** The file, opened for appending when it is first needed. */
  private opened(): Promise<FileHandle> {
    this.handle ??= this.working().then(async (working) => {
      const before = await stat(this.path).catch(() => undefined);
      const handle = await open(working, 'a', before?.mode);
      await syncFolder(dirname(working));
      return handle;
    });
    return this.handle;
  }

  private async guarded<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw outputError(error, this.path);
    }
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw outputError(error, path);
  }
}

/** A new name is on disk when its folder is; file systems that cannot sync a folder need not. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().catch(() => {});
  await folder.close();
}
