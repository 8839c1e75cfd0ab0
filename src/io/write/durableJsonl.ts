import { crc32 } from 'node:zlib';
import { OutputError } from '../../errors.js';
import type { DurableSink } from '../../flow/durableSink.js';
import { type OptionsOf, onOff, resolveOptions } from '../../util/options.js';
import { AtomicFile, checkOutputFile, freePath } from './atomicFile.js';
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
    if (this.#isPartial) await checkOutputFile(this.path, { mayBePartial: isResumed });
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
    const found = await file.length();
    if (found < bytes) {
      throw new OutputError(`holds ${found} bytes of the ${bytes} that were written`, {
        path: file.workingPath,
        hint: 'restore it, or start a new run (--resume never)',
      });
    }
    this.#crc = await fileCrc(file.workingPath, bytes);
    if (crc !== undefined && this.#crc !== crc) {
      throw new OutputError('its content is not what the run has written', {
        path: file.workingPath,
        hint: 'restore it, keep its complete records (--resume rebuild), or start a new run (--resume never)',
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
    const file = await this.#at();
    if ((await file.length()) === 0) return undefined;
    const path = freePath(`${file.workingPath}.old`);
    await file.moveTo(path);
    return path;
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
