import { constants } from 'node:buffer';
import { rejectsOption, signalOption } from '../../flow/options.js';
import type { Position, ResumeFrom } from '../../flow/resume.js';
import { isRecord } from '../../record.js';
import { callback, choice, type OptionsOf, object, wholeNumber } from '../../util/options.js';
import type { Slice } from './slice.js';

/** The options of every reader. */
export const readOptions = {
  /** Reject a bad line and read on, or stop with an InputError. Default: reject. */
  onBadLine: choice(['reject', 'stop'], {
    help: 'at a line that is not JSON: reject it and read on, or stop',
    default: 'reject',
    group: 'Input',
    shapesRecords: false,
  }),
  /** A longer line is a bad line and is not held in memory; a longer element of an array ends the reading. Default: 64 MiB. */
  maxLineBytes: wholeNumber({
    help: 'reject lines that are longer',
    default: 64 * 1024 * 1024,
    defaultText: '64 MiB',
    max: constants.MAX_STRING_LENGTH,
    group: 'Input',
    shapesRecords: false,
  }),
  /** The form of the input; `readRecords` only. Default: by name and first bytes. */
  inputFormat: choice(['auto', 'jsonl', 'json', 'csv', 'tsv', 'text', 'parquet'], {
    help: 'the form of the input; auto goes by the name and the first bytes',
    default: 'auto',
    group: 'Input',
    shapesRecords: false,
  }),
  /** Receives the bad lines; awaited. Default: a process warning for each. */
  rejects: rejectsOption,
  /** Remember the location of each record in its file, for `buildIndex` with `store: false`; plain JSONL files only. Default: false. */
  places: object<boolean>()(
    { help: 'remember the location of each record in its file, for an index that stores no texts' },
    { expected: 'true or false', accepts: (value) => typeof value === 'boolean' },
  ),
  /** The part of each input to read, in their order; undefined for all of it. `planShards` makes them. Default: all of each. */
  slices: object<readonly (Slice | undefined)[]>()(
    { help: 'the part of each input to read', defaultText: 'all of each' },
    { expected: 'a list of slices', accepts: Array.isArray },
  ),
  /** Receives remarks on how an input is read. Default: a process warning for each. */
  onNotice: callback<(notice: string) => void>()({
    help: 'receives remarks on how an input is read',
    defaultText: 'a process warning for each',
  }),
  /** Keys that will be read: a remark is given if a record lacks one and has another usual name for it. Default: none. */
  expectedKeys: object<readonly string[]>()(
    { help: 'keys that will be read; a record with another name for one gives a remark' },
    { expected: 'a list of keys', accepts: Array.isArray },
  ),
  /** Called with the form of each input, once it is known: `JSON Lines`, `a table of 3 columns`. */
  onFormat: callback<(path: string, format: string) => void>()({ help: 'called with the form of each input' }),
  /** Aborting it ends the reading with its reason. */
  signal: signalOption,
  /**
   * Called whenever the next record is asked for, with the number of input bytes that the records so far took, as they are on
   * disk (compressed), spread evenly within a chunk, and the total, if it is known (files, not pipes). Records times
   * totalBytes / bytesRead estimates the number of records.
   */
  onBytes: callback<(bytesRead: number, totalBytes: number | undefined) => void>()({
    help: 'called with the bytes read so far and the total, if it is known',
  }),
  /** Called before the records of each chunk: a position, as JSON, from which reading can resume. */
  onPosition: callback<(position: Position) => void>()({ help: 'called with positions from which reading can resume' }),
  /**
   * Resumes from positions that `onPosition` reported. A plain file is read from there; what cannot be entered midway
   * (compressed files, arrays, streams) is read from its beginning, and `from` is that. Throws InputError if the input is not
   * what was read before.
   */
  resume: object<ResumeFrom>()(
    { help: 'resumes from a position that was reported' },
    { expected: 'a position', accepts: isRecord },
  ),
};

export type InputFormat = 'auto' | 'jsonl' | 'json' | 'csv' | 'tsv' | 'text' | 'parquet';

export type ReadOptions = OptionsOf<typeof readOptions>;
