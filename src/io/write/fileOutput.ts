import { NEWLINE } from '../parse/lineSplitter.js';
import { AtomicFile, type AtomicFileOptions, refusePacked } from './atomicFile.js';
import type { Output } from './lineSink.js';

export type OnPartial = (partialPath: string, records: number) => void;

export interface FileOutputOptions extends AtomicFileOptions {
  /** If it is left early, keep the `.partial` with the whole lines in it; otherwise remove it. Default true. */
  keepsLines?: boolean | undefined;
  /** Called if it is left early and lines are kept: with the path of the `.partial`, and how many lines it holds. */
  onPartial?: OnPartial | undefined;
}

/** Opens a path for writing. Throws OutputError if it cannot be written, or if there is a `.partial` already. */
export async function openFileOutput(path: string, options: FileOutputOptions = {}): Promise<Output> {
  refusePacked(path);
  const file = await AtomicFile.at(path, options);
  await file.create();
  return new FileOutput(file, options);
}

class FileOutput implements Output {
  readonly #file: AtomicFile;
  readonly #options: FileOutputOptions;
  #lines = 0;
  #bytes = 0;

  constructor(file: AtomicFile, options: FileOutputOptions) {
    this.#file = file;
    this.#options = options;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#file.write(bytes);
      this.#count(bytes);
    } catch (error) {
      await this.#keepWholeLines(bytes).catch(() => {});
      throw error;
    }
  }

  commit(): Promise<void> {
    return this.#file.commit();
  }

  async abandon(): Promise<void> {
    const { keepsLines = true, onPartial } = this.#options;
    if (!keepsLines || this.#lines === 0) {
      await this.#file.discard();
      return;
    }
    await this.#file.close();
    if (!this.#file.isDevice) onPartial?.(this.#file.workingPath, this.#lines);
  }

  /** A full disk takes a part of the bytes: whole lines of it stay, so that the `.partial` can be read. */
  async #keepWholeLines(bytes: Uint8Array): Promise<void> {
    if (this.#file.isDevice) return;
    const written = (await this.#file.length()) - this.#bytes;
    this.#count(bytes.subarray(0, bytes.subarray(0, written).lastIndexOf(NEWLINE) + 1));
    await this.#file.truncate(this.#bytes);
  }

  #count(lines: Uint8Array): void {
    this.#bytes += lines.length;
    for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) this.#lines++;
  }
}
