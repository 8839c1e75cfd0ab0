import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { IndexError, UsageError } from '../../errors.js';
import { type DataRecord, isRecord, placeOf } from '../../record.js';

/** Where a text stands: the line of its record in the files of the corpus, which count as one file. */
export interface TextPlace {
  offset: number;
  bytes: number;
  /** CRC-32 of the text. */
  checksum: number;
}

/** The files that hold the texts of an index, in their order, as they were when it was built. */
export interface CorpusFiles {
  textKey: string;
  files: { path: string; bytes: number; modifiedMs: number }[];
}

/** Finds where texts stand, for an index that does not store them. */
export class PlaceFinder {
  readonly files: CorpusFiles['files'] = [];
  readonly #starts = new Map<string, number>();
  #end = 0;

  /** Throws UsageError for a record of which no reader remembers the place. */
  find(record: DataRecord, text: string): TextPlace {
    const place = placeOf(record);
    if (place === undefined) {
      throw new UsageError(
        'store: false needs to know where each record stands in its file, and it is not known here',
        {
          hint: 'read the corpus with readJsonl(path, { places: true }), or store the texts',
        },
      );
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
 * Reads texts back from the files of the corpus. Size and time of each file are compared when it is opened, and the checksum of
 * every text that is read: what was not indexed is never given. Throws IndexError where a file has changed or is gone.
 */
export class CorpusTexts {
  readonly #files: { fd: number; path: string; start: number; end: number }[] = [];

  constructor(
    private readonly index: string,
    private readonly corpus: CorpusFiles,
  ) {
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

  text({ offset, bytes, checksum }: TextPlace): string {
    const file = this.#files.find(({ start, end }) => offset >= start && offset < end);
    if (file === undefined) throw this.#changed('the corpus', 'a text lies behind its end');
    const line = Buffer.allocUnsafe(bytes);
    const read = readSync(file.fd, line, 0, bytes, offset - file.start);
    const text = read === bytes ? textIn(line, this.corpus.textKey) : undefined;
    if (text !== undefined && crc32(text) === checksum) return text;
    throw this.#changed(file.path, `at byte ${offset - file.start} it holds another text`);
  }

  close(): void {
    for (const { fd } of this.#files.splice(0)) closeSync(fd);
  }

  #open({ path: file, bytes, modifiedMs }: CorpusFiles['files'][number]): number {
    let fd: number;
    try {
      fd = openSync(file, 'r');
    } catch (cause) {
      throw new IndexError(`${this.index} reads its texts from ${file}, which cannot be opened`, {
        hint: 'put the file back, or index it where it is now',
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
    return new IndexError(`${this.index} reads its texts from ${file}, which has changed since: ${what}`, {
      hint: `index it again: rareflow index ${file} -o ${this.index} --no-store`,
    });
  }
}

function textIn(line: Buffer, textKey: string): string | undefined {
  try {
    const record: unknown = JSON.parse(line.toString().replace(/^\uFEFF/, ''));
    const text = isRecord(record) ? record[textKey] : undefined;
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
