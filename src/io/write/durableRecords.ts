import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OutputError } from '../../errors.js';
import type { DurableSink, EarlierBytes } from '../../flow/durableSink.js';
import { AtomicFile, checkOutputFile, setFileAside } from './atomicFile.js';
import { durableJsonl } from './durableJsonl.js';
import { filesBeside } from './filesBeside.js';
import { isPlainJsonl, recordFormOf } from './recordForm.js';
import { type WriteFormOptions, writeForm } from './writeForm.js';

/**
 * Makes the output of a resumable run in the form that its name asks for: see `recordFormOf`. For JSON Lines it is
 * `durableJsonl(path)`. For others the run writes JSON Lines, `PATH.rareflow/records.jsonl`, which can be cut back and resumed at
 * any record, and from which its rejects are retried; the file of the name is made from them when the run is done.
 *
 * @throws UsageError for the name of a form that is not written
 */
export function durableRecords(path: string): DurableSink {
  return isJsonLines(path) ? durableJsonl(path) : new DurableRecords(path);
}

/** Returns the file in which a run keeps its records as JSON Lines: the output itself, or that beside it. */
export function recordsFileOf(output: string): string {
  return isJsonLines(output) ? output : filesBeside(output).records;
}

/** Returns true if the name asks for JSON Lines, or an earlier version began a run there, to which all names meant JSON Lines. */
function isJsonLines(output: string): boolean {
  const form = recordFormOf(output);
  if (isPlainJsonl(form)) return true;
  const { folder, records, form: made } = filesBeside(output);
  const isOurs = [records, `${records}.partial`, made].some((file) => existsSync(file));
  const isThere = existsSync(output) || existsSync(`${output}.partial`);
  return form.kind !== 'parquet' && !isOurs && isThere && existsSync(path.join(folder, 'run'));
}

/** Makes the output from the records of its run, unless it is there and was made from them. */
export async function updateForm(output: string): Promise<void> {
  const records = recordsFileOf(output);
  const bytes = bytesOf(records);
  if (records === output || bytes === undefined || isMadeFrom(output, bytes)) return;
  await makeForm([records], output);
}

/** Makes the output from files of JSON Lines, and notes the lengths of both. Throws as `writeForm` does. */
export async function makeForm(records: readonly string[], output: string, options?: WriteFormOptions): Promise<void> {
  await writeForm(records, output, options);
  const bytes = records.reduce((sum, file) => sum + (bytesOf(file) ?? 0), 0);
  writeFileSync(filesBeside(output).form, `${JSON.stringify({ records: bytes, output: bytesOf(output) })}\n`);
}

class DurableRecords implements DurableSink {
  readonly path: string;
  readonly #records: DurableSink;

  constructor(path: string) {
    this.path = path;
    this.#records = durableJsonl(filesBeside(path).records);
  }

  get bytes(): number {
    return this.#records.bytes;
  }

  get crc(): number | undefined {
    return this.#records.crc;
  }

  async check(isResumed: boolean): Promise<void> {
    await checkOutputFile(this.path, { mayBePartial: isResumed });
    this.#makeFolder();
    await this.#records.check(isResumed);
  }

  async checkContent(earlier: EarlierBytes): Promise<void> {
    await this.#records.checkContent?.(earlier);
  }

  async earlierItems() {
    return this.#records.earlierItems?.();
  }

  /** The length of the records from which it was made; its own, if no run that is known made it. */
  async finalBytes(): Promise<number | undefined> {
    const output = bytesOf(this.path);
    const records = await this.#records.finalBytes?.();
    if (output === undefined) return records;
    const made = madeFrom(this.path);
    if (made === undefined) return output;
    // While new records are not in it yet, it is the earlier one, or the new one of a process that was killed then.
    if (made.output === output || made.records !== (records ?? made.records)) return records ?? made.records;
    throw new OutputError(`has changed since its run was finished: ${output} bytes instead of ${made.output}`, {
      path: this.path,
      hint: 'rename it to have it made again from the records of its run, or write to another output',
    });
  }

  async isFinished(bytes: number): Promise<boolean> {
    return isMadeFrom(this.path, bytes);
  }

  async needsFinish(bytes: number): Promise<boolean> {
    return !isMadeFrom(this.path, bytes);
  }

  async open(bytes: number, crc?: number): Promise<void> {
    this.#makeFolder();
    await this.#records.open(bytes, crc);
  }

  append(item: unknown): Promise<void> | undefined {
    return this.#records.append(item);
  }

  sync(): Promise<void> {
    return this.#records.sync();
  }

  async finish(): Promise<void> {
    await this.#records.finish();
    await updateForm(this.path);
  }

  close(): Promise<void> {
    return this.#records.close();
  }

  discard(): Promise<void> {
    return this.#records.discard();
  }

  setAside(): Promise<string | undefined> {
    return this.#records.setAside();
  }

  async setFinalAside(): Promise<string | undefined> {
    const records = await this.#records.setFinalAside?.();
    rmSync(filesBeside(this.path).form, { force: true });
    return (await setFileAside(await AtomicFile.at(this.path, { partial: false }))) ?? records;
  }

  #makeFolder(): void {
    mkdirSync(path.dirname(this.#records.path), { recursive: true });
  }
}

interface MadeFrom {
  /** The lengths of the records and of the output that was made from them. */
  records: number;
  output: number;
}

function madeFrom(output: string): MadeFrom | undefined {
  try {
    return JSON.parse(readFileSync(filesBeside(output).form, 'utf8'));
  } catch {
    // None was made, or the process was killed while this was written: it is made again.
    return undefined;
  }
}

/** Returns true if the output is in another form than JSON Lines, is there, and was made from records of this length. A run only ever adds to them. */
export function isMadeFrom(output: string, bytes: number): boolean {
  const made = madeFrom(output);
  return made?.records === bytes && made.output === bytesOf(output);
}

function bytesOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
