import { access, constants, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OutputError } from '../../errors.js';
import { isGzipName } from '../read/input.js';
import { codeOf, outputError } from '../systemErrors.js';
import type { Output } from './lineSink.js';

const newline = 0x0a;

export type OnPartial = (partialPath: string, records: number) => void;

/**
 * Throws the OutputError that opening the path for writing would throw, without touching it: for commands that have long
 * work to do before they open it. With `mayBePartial` a `.partial` may be there: its run is gone on with.
 */
export async function checkOutputFile(path: string, { mayBePartial = false } = {}): Promise<void> {
  refuseGzip(path);
  try {
    const existing = await existingAt(path);
    if (existing !== undefined && !existing.isFile()) {
      if (existing.isDirectory()) throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
      return;
    }
    await access(existing === undefined ? dirname(path) : path, constants.W_OK);
    const partial = `${await finalPath(path)}.partial`;
    if (!mayBePartial && (await existingAt(partial)) !== undefined) throw thereAlready(partial);
  } catch (error) {
    throw outputError(error, path);
  }
}

/** The file itself, where the path is a symbolic link to one: a rename onto the link would replace the link. */
export async function finalPath(path: string): Promise<string> {
  return realpath(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return path;
    throw error;
  });
}

export async function writeWhole(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length; ) written += (await handle.write(bytes, written)).bytesWritten;
}

function refuseGzip(path: string): void {
  if (!isGzipName(path)) return;
  throw new OutputError('gzipped output is not written', {
    path,
    hint: 'Write a .jsonl file and gzip it afterwards, or write to - and pipe it to gzip.',
  });
}

async function existingAt(path: string) {
  return stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

/** Opens a path for writing: a file by way of its `.partial`, a device or a named pipe as it is. */
export async function openOutputFile(path: string, onPartial: OnPartial | undefined): Promise<Output> {
  refuseGzip(path);
  try {
    const existing = await existingAt(path);
    if (existing !== undefined && !existing.isFile()) return new DeviceOutput(path, await open(path, 'w'));
    const target = await finalPath(path);
    if (existing !== undefined) await access(target, constants.W_OK);
    const partial = `${target}.partial`;
    return new FileOutput(target, partial, await openPartial(partial, existing?.mode), onPartial);
  } catch (error) {
    throw outputError(error, path);
  }
}

async function openPartial(partial: string, mode: number | undefined): Promise<FileHandle> {
  try {
    return await open(partial, 'wx', mode);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
    throw thereAlready(partial, cause);
  }
}

function thereAlready(partial: string, cause?: unknown): OutputError {
  return new OutputError('is there already: another run writes it, or an earlier one was stopped', {
    path: partial,
    hint: 'Its lines are finished records. If no run writes it, rename it to keep them, or delete it.',
    cause,
  });
}

class FileOutput implements Output {
  private records = 0;
  private bytes = 0;

  constructor(
    private readonly target: string,
    private readonly partial: string,
    private readonly handle: FileHandle,
    private readonly onPartial: OnPartial | undefined,
  ) {}

  async write(bytes: Buffer): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) written += (await this.handle.write(bytes, written)).bytesWritten;
      this.count(bytes);
    } catch (error) {
      // A full disk takes a part: whole lines of it stay, so that the partial can be read.
      this.count(bytes.subarray(0, bytes.subarray(0, written).lastIndexOf(newline) + 1));
      await this.handle.truncate(this.bytes).catch(() => {});
      throw outputError(error, this.partial);
    }
  }

  async commit(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.partial, this.target);
    } catch (error) {
      throw outputError(error, this.target);
    }
  }

  async abandon(): Promise<void> {
    await this.handle.close().catch(() => {});
    if (this.records === 0) await rm(this.partial, { force: true }).catch(() => {});
    else this.onPartial?.(this.partial, this.records);
  }

  private count(lines: Buffer): void {
    this.bytes += lines.length;
    for (let at = lines.indexOf(newline); at !== -1; at = lines.indexOf(newline, at + 1)) this.records++;
  }
}

class DeviceOutput implements Output {
  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  async write(bytes: Buffer): Promise<void> {
    try {
      await writeWhole(this.handle, bytes);
    } catch (error) {
      throw outputError(error, this.path);
    }
  }

  async commit(): Promise<void> {
    await this.handle.close();
  }

  async abandon(): Promise<void> {
    await this.handle.close().catch(() => {});
  }
}
