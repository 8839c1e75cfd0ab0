import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { IndexError, UsageError } from '../../errors.js';
import { type DataRecord, isRecord, placeOf } from '../../record.js';
import { valueAt } from '../../util/keyPath.js';

/** The location of a text: the line of its record in the files of the corpus, which count as one long file. */
export interface TextLocation {
  offset: number;
  bytes: number;
  /** CRC-32 of the text. */
  checksum: number;
}

/** The files that hold the texts of an index, in order, as they were when it was built. */
export interface ExternalFiles {
  textKey: string;
  files: { path: string; bytes: number; modifiedMs: number }[];
}

/** Locates texts in the corpus, for an index that does not store them. */
export class TextLocator {
  readonly files: ExternalFiles['files'] = [];
  readonly #starts = new Map<string, number>();
  #end = 0;

  /** Locates a text. Throws UsageError for a record without a known position. */
  find(record: DataRecord, text: string): TextLocation {
    const place = placeOf(record);
    if (place === undefined) {
      throw new UsageError('store: false needs the position of each record in its file, and these records have none', {
        hint: 'read the corpus with readJsonl(path, { places: true }), or store the texts',
      });
    }
    const start = this.#starts.get(place.path) ?? this.#begin(place.path);
    return { offset: start + place.offset, bytes: place.bytes, checksum: crc32(text) };
  }

  #begin(file: string): number {
    const { size, mtimeMs } = statSync(file);
    const start = this.#end;
    this.files.push({ path: path.resolve(file), bytes: size, modifiedMs: mtimeMs });
    this.#starts.set(file, start);
    this.#end += size;
    return start;
  }
}

/**
 * Reads texts from the files of the corpus. The size and time of each file are checked when it is opened, and the checksum of
 * every text that is read: a text that was not indexed is never returned. Throws IndexError if a file has changed or is missing.
 */
export class ExternalTexts {
  readonly #files: { fd: number; path: string; start: number; end: number }[] = [];

  readonly #index: string;
  readonly #corpus: ExternalFiles;

  constructor(index: string, corpus: ExternalFiles) {
    this.#index = index;
    this.#corpus = corpus;
    let start = 0;
    try {
      for (const file of corpus.files) {
        this.#files.push({ fd: this.#open(file), path: file.path, start, end: start + file.bytes });
        start += file.bytes;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  text({ offset, bytes, checksum }: TextLocation): string {
    const file = this.#files.find(({ start, end }) => offset >= start && offset < end);
    if (file === undefined) throw this.#changed('the corpus', 'a text lies behind its end');
    const line = Buffer.allocUnsafe(bytes);
    const read = readSync(file.fd, line, 0, bytes, offset - file.start);
    const text = read === bytes ? textIn(line, this.#corpus.textKey) : undefined;
    if (text !== undefined && crc32(text) === checksum) return text;
    throw this.#changed(file.path, `at byte ${offset - file.start} it holds another text`);
  }

  close(): void {
    for (const { fd } of this.#files.splice(0)) closeSync(fd);
  }

  #open({ path: file, bytes, modifiedMs }: ExternalFiles['files'][number]): number {
    let fd: number;
    try {
      fd = openSync(file, 'r');
    } catch (cause) {
      throw new IndexError(`${this.#index} reads its texts from ${file}, which cannot be opened`, {
        hint: 'restore the file, or index it at its new path',
        cause,
      });
    }
    const { size, mtimeMs } = fstatSync(fd);
    if (size === bytes && mtimeMs === modifiedMs) return fd;
    closeSync(fd);
    const what = size === bytes ? 'it was written to again' : `it has ${size} bytes instead of ${bytes}`;
    throw this.#changed(file, what);
  }

  #changed(file: string, what: string): IndexError {
    return new IndexError(`${this.#index} reads its texts from ${file}, which has changed since: ${what}`, {
      hint: `index it again: rareflow index ${file} -o ${this.#index} --no-store`,
    });
  }
}

function textIn(line: Buffer, textKey: string): string | undefined {
  try {
    const record: unknown = JSON.parse(line.toString().replace(/^\uFEFF/, ''));
    const text = isRecord(record) ? valueAt(record, textKey) : undefined;
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
