import { constants } from 'node:buffer';
import { AsyncIterableX } from 'ix/asynciterable';
import { UsageError } from '../../errors.js';
import { type Rejects, warnOfReject } from '../../flow/rejects.js';
import type { Position, ResumeFrom } from '../../flow/resume.js';
import { type DataRecord, isRecord, rememberPlace } from '../../record.js';
import { eitherSignal } from '../../util/eitherSignal.js';
import { type Chunk, canSeek, type Input, inputBytes, inputName, openInput } from './input.js';
import type { LinePlace } from './jsonLines.js';
import { requirePlaces } from './places.js';
import { Bookmark } from './resumePosition.js';

/** What every reader takes. */
export interface ReadOptions {
  /** A bad line goes to the rejects and the reading goes on, or it ends the reading with an InputError. Default: reject. */
  onBadLine?: 'reject' | 'stop' | undefined;
  /** Takes the bad lines; awaited. Default: a process warning each. */
  rejects?: Rejects | undefined;
  /** A longer line is bad and is not held in memory. Default: 64 MiB. */
  maxLineBytes?: number | undefined;
  /** Remember where each record stands in its file, for `buildIndex` with `store: false`; plain JSONL files only. Default: false. */
  places?: boolean | undefined;
  /** Aborting it ends the reading with its reason. */
  signal?: AbortSignal | undefined;
  /**
   * Called whenever the next record is asked for: how many bytes of the input the records up to there took, as they are
   * on disk (compressed), shared out evenly within a chunk; and of how many, where that is known (files, not pipes).
   * Records times totalBytes / bytesRead estimates the number of records.
   */
  onBytes?: ((bytesRead: number, totalBytes: number | undefined) => void) | undefined;
  /** Called before the records of each chunk are given: a place to go on from later, as JSON. */
  onPosition?: ((position: Position) => void) | undefined;
  /**
   * Goes on from places that `onPosition` told. A plain file is entered there; what cannot be (packed files, arrays, streams)
   * is read from its beginning and `from` stands there. Throws InputError where the input is not what was read before.
   */
  resume?: ResumeFrom | undefined;
}

/** Records that became ready together, and how many bytes of the file they took. */
export interface Batch {
  records: unknown[];
  /** Of each record, where they were asked for. */
  places?: LinePlace[] | undefined;
  rawBytes: number;
}

export interface FormatContext {
  /** The input's name, for messages and rejects. */
  path: string;
  onBadLine: 'reject' | 'stop';
  rejects: Rejects;
  maxLineBytes: number;
  places: boolean;
  /** Where in the input the chunks begin: its offset, and how many lines come before. */
  from?: { offset: number; line: number } | undefined;
  /** Tells that reading can begin anew after the first `used` bytes of a chunk, with `line` lines before. */
  canEnter?: ((chunk: Chunk, used: number, line: number) => void) | undefined;
}

/** Turns the bytes of one input into its records. */
export type Format = (chunks: AsyncIterable<Chunk>, context: FormatContext) => AsyncIterable<Batch>;

export interface ReaderContext extends FormatContext {
  /** False for a named pipe and a stream. */
  isFile: boolean;
  signal: AbortSignal | undefined;
  bookmark: Bookmark;
}

/** Opens one input, gives its records and closes it. */
export type Reader = (input: Input, context: ReaderContext) => AsyncIterable<Batch>;

/** The reader of a format that is read from its first byte to its last. */
export function sequential(format: Format): Reader {
  return async function* (input, context) {
    const { bookmark, isFile, from } = context;
    const { chunks, close } = openInput(input, { ...context, offset: from?.offset });
    const canEnter = canSeek(input, isFile) ? bookmark.canEnter.bind(bookmark) : undefined;
    try {
      yield* format(bookmark.follow(chunks), { ...context, canEnter });
    } finally {
      await close();
    }
  };
}

/** The records of some inputs, one after another. Lazy; each iteration opens the files anew and closes each at its end. */
export class RecordStream extends AsyncIterableX<DataRecord> {
  private readonly context: Omit<FormatContext, 'path'>;

  constructor(
    private readonly inputsOf: () => Promise<readonly Input[]>,
    private readonly readerOf: (input: Input) => Reader,
    private readonly options: ReadOptions,
  ) {
    super();
    const { onBadLine = 'reject', rejects = warnOfReject, maxLineBytes = 64 * 1024 * 1024, places = false } = options;
    if (!(maxLineBytes >= 1 && maxLineBytes <= constants.MAX_STRING_LENGTH)) {
      throw new UsageError(`maxLineBytes: expected 1 to ${constants.MAX_STRING_LENGTH}, got ${maxLineBytes}`);
    }
    this.context = { onBadLine, rejects, maxLineBytes, places };
  }

  override async *[Symbol.asyncIterator](iteratorSignal?: AbortSignal): AsyncGenerator<DataRecord> {
    const { onBytes, onPosition, resume } = this.options;
    const signal = eitherSignal(iteratorSignal, this.options.signal);
    signal?.throwIfAborted();
    const inputs = await this.inputsOf();
    const sizes = await Promise.all(inputs.map(inputBytes));
    const totalBytes = sizes.reduce(
      (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
      0,
    );
    for (const [i, input] of this.context.places ? inputs.entries() : []) requirePlaces(input, sizes[i] !== undefined);
    let bytesRead = 0;
    const bookmark = new Bookmark(inputs, onPosition, resume);
    const rejects: Rejects = (reject) => {
      bookmark.ordinal++;
      return this.context.rejects(reject);
    };
    for (const [i, input] of inputs.entries()) {
      const from = await bookmark.begin(i);
      if (from === undefined) {
        bytesRead += sizes[i] ?? 0;
        continue;
      }
      bytesRead += from.line > 0 ? from.offset : 0;
      const isFile = sizes[i] !== undefined;
      const context = { ...this.context, rejects, path: inputName(input), isFile, signal, bookmark, from };
      for await (const { records, places, rawBytes } of this.readerOf(input)(input, context)) {
        const bytesPerRecord = rawBytes / records.length;
        let given = 0;
        for (const record of records) {
          if (signal?.aborted) throw signal.reason;
          const place = places?.[given];
          if (place !== undefined && isRecord(record)) rememberPlace(record, { path: context.path, ...place });
          bookmark.ordinal++;
          // Valid JSON that is no object is passed as it is: operators refuse it, with the record in the reject.
          yield record as DataRecord;
          given++;
          onBytes?.(Math.floor(bytesRead + given * bytesPerRecord), totalBytes);
        }
        bytesRead += rawBytes;
        if (given === 0) onBytes?.(bytesRead, totalBytes);
      }
    }
    bookmark.end();
  }
}
