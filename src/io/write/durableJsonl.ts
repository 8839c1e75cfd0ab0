import { crc32 } from 'node:zlib';
import { OutputError } from '../../errors.js';
import type { DurableSink, EarlierBytes } from '../../flow/durableSink.js';
import { type OptionsOf, onOff, resolveOptions } from '../../util/options.js';
import { fileLines } from '../read/fileLines.js';
import { AtomicFile, checkOutputFile, setFileAside } from './atomicFile.js';
import { fileCrc } from './fileCrc.js';
import { LineSink } from './lineSink.js';
import { jsonOf } from './writeJsonl.js';

const durableJsonlOptions = {
  /** Write `PATH.partial`, which becomes PATH when the run is done; otherwise PATH itself, created with its first line. Default true. */
  partial: onOff({ help: 'write PATH.partial until the run is done', default: true }),
};

export type DurableJsonlOptions = OptionsOf<typeof durableJsonlOptions>;

/** Makes a JSON Lines file for a resumable run (`runPipeline`'s checkpoint). Throws UsageError for an unknown option. */
export function durableJsonl(path: string, options: DurableJsonlOptions = {}): DurableSink {
  return new DurableJsonl(path, resolveOptions('durableJsonl', durableJsonlOptions, options).partial);
}

const OPENING_BRACE = 0x7b;

class DurableJsonl implements DurableSink {
  readonly path: string;
  readonly #isPartial: boolean;
  /** Its length when it was opened. */
  #bytesBefore = 0;
  #crc = 0;
  #file: AtomicFile | undefined;
  readonly #lines = new LineSink({
    write: (bytes) => this.#write(bytes),
    commit: async () => {},
    abandon: async () => {},
  });

  constructor(path: string, isPartial: boolean) {
    this.path = path;
    this.#isPartial = isPartial;
  }

  get bytes(): number {
    return this.#file?.isDevice ? 0 : this.#bytesBefore + this.#lines.bytes;
  }

  get crc(): number | undefined {
    return this.#file?.isDevice ? undefined : this.#crc;
  }

  async check(isResumed: boolean): Promise<void> {
    if (this.#isPartial) await checkOutputFile(this.path, { mayBePartial: isResumed, canRebuild: true });
  }

  async checkContent({ bytes, crc, mayFollow }: EarlierBytes): Promise<void> {
    const file = await this.#at();
    const length = file.isDevice ? 0 : await file.length();
    if (length === 0) return;
    const path = file.workingPath;
    const start = crc === undefined ? 0 : bytes;
    const isSame = length >= bytes && (crc === undefined || (await fileCrc(path, bytes)) === crc);
    if (isSame && (await areItems(path, start, mayFollow))) return;
    throw new OutputError('exists, and this run has not written it', {
      path,
      hint: 'rename it to keep what is in it, or write to another file',
    });
  }

  async earlierItems(): Promise<AsyncIterable<{ item: unknown; end: number }> | undefined> {
    const file = await this.#at();
    const length = file.isDevice || !(await file.exists()) ? 0 : await file.length();
    return length === 0 ? undefined : completeItems(file.workingPath, length);
  }

  async finalBytes(): Promise<number | undefined> {
    const file = await AtomicFile.at(this.path, { partial: false });
    return !file.isDevice && (await file.exists()) ? file.length() : undefined;
  }

  async isFinished(bytes: number): Promise<boolean> {
    if (!this.#isPartial) return false;
    const [partial, final] = await Promise.all([this.#at(), AtomicFile.at(this.path, { partial: false })]);
    return !(await partial.exists()) && (await final.exists()) && (await final.length()) === bytes;
  }

  async open(bytes: number, crc?: number): Promise<void> {
    const file = await this.#at();
    this.#file = file;
    if (file.isDevice) return;
    this.#bytesBefore = bytes;
    if (bytes === 0) {
      await file.remove();
      if (this.#isPartial) await file.append();
      return;
    }
    if (this.#isPartial && !(await file.exists()) && (await this.finalBytes()) === bytes) await file.reopen();
    const found = await file.length();
    if (found < bytes) {
      throw new OutputError(`holds ${found} bytes of the ${bytes} that were written`, {
        path: file.workingPath,
        hint: 'restore it, go on from what it holds (--resume rebuild), or start a new run (--resume never)',
      });
    }
    this.#crc = await fileCrc(file.workingPath, bytes);
    if (crc !== undefined && this.#crc !== crc) {
      throw new OutputError('its content is not what the run has written', {
        path: file.workingPath,
        hint: 'restore it, go on from what it holds (--resume rebuild), or start a new run (--resume never keeps it as .old)',
      });
    }
    await file.append();
    await file.truncate(bytes);
  }

  append(item: unknown): Promise<void> | undefined {
    const line = `${jsonOf(item)}\n`;
    this.#crc = crc32(line, this.#crc);
    return this.#lines.add(line);
  }

  async sync(): Promise<void> {
    await this.#lines.flush();
    await this.#file?.sync();
  }

  async finish(): Promise<void> {
    await this.#lines.commit();
    await this.#file?.commit();
  }

  async close(): Promise<void> {
    await this.#lines.abandon();
    await this.#file?.close();
  }

  async discard(): Promise<void> {
    await this.close();
    await this.#file?.discard();
  }

  async setAside(): Promise<string | undefined> {
    return setFileAside(await this.#at());
  }

  async setFinalAside(): Promise<string | undefined> {
    return setFileAside(await AtomicFile.at(this.path, { partial: false }));
  }

  #at(): Promise<AtomicFile> {
    return AtomicFile.at(this.path, { partial: this.#isPartial });
  }

  /** A file that is not partial is created with its first line. */
  async #write(bytes: Uint8Array): Promise<void> {
    const file = this.#file as AtomicFile;
    if (!file.isOpen) await file.append();
    await file.write(bytes);
  }
}

/** Resolves to true if the lines from an offset are items that are accepted. The last may be cut off. */
async function areItems(path: string, start: number, accepts: (item: unknown) => boolean): Promise<boolean> {
  let isCutOff = false;
  for await (const line of fileLines(path, { start })) {
    if (isCutOff) return false;
    try {
      if (!accepts(JSON.parse(line.toString()))) return false;
    } catch {
      isCutOff = true;
      if (line[0] !== OPENING_BRACE) return false;
    }
  }
  return true;
}

/** Reads the lines of a file that are whole, as JSON; the last may be cut off. */
async function* completeItems(path: string, length: number): AsyncGenerator<{ item: unknown; end: number }> {
  let end = 0;
  let line = 0;
  for await (const bytes of fileLines(path)) {
    end += bytes.length + 1;
    line += 1;
    if (end > length) return;
    let item: unknown;
    try {
      item = JSON.parse(bytes.toString());
    } catch (cause) {
      if (end === length) return;
      const hint = 'move the line to another file, and rebuild the run again';
      throw new OutputError(`line ${line} is not JSON`, { path, hint, cause });
    }
    yield { item, end };
  }
}
