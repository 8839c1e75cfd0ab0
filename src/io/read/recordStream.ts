import { AsyncIterableX } from 'ix/asynciterable/asynciterablex';
import type { Rejects } from '../../flow/rejects.js';
import { warnOfReject } from '../../flow/rejects.js';
import { type DataRecord, isRecord, rememberPlace } from '../../record.js';
import { eitherSignal } from '../../util/abort.js';
import { otherNameOf } from '../../util/keyPath.js';
import { type Resolved, resolveOptions } from '../../util/options.js';
import type { LinePlace } from '../parse/jsonLines.js';
import type { Chunk } from './byteChunks.js';
import { canSeek, type Input, inputBytes, inputName, openInput } from './input.js';
import { type ReadOptions, readOptions } from './options.js';
import { requirePlaces } from './places.js';
import { ResumePosition } from './resumePosition.js';

/** Records that became ready together, and the bytes of the file that they took. */
export interface RecordBatch {
  records: unknown[];
  /** The location of each record, if asked for. */
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
  /** Receives remarks on how the input is read. */
  notice: (text: string) => void;
  /** Receives the form of the input. */
  format: (name: string) => void;
  /** The start of the chunks in the input: its offset, and the number of lines before it. */
  from?: { offset: number; line: number } | undefined;
  /** Reports that reading can resume after the first `used` bytes of a chunk, with `line` lines before. */
  canResumeAt?: ((chunk: Chunk, used: number, line: number) => void) | undefined;
}

/** Parses the bytes of one input into its records. */
export type RecordFormat = (chunks: AsyncIterable<Chunk>, context: FormatContext) => AsyncIterable<RecordBatch>;

export interface ReaderContext extends FormatContext {
  /** False for a named pipe and a stream. */
  isFile: boolean;
  signal: AbortSignal | undefined;
  position: ResumePosition;
}

/** Opens one input, yields its records and closes it. */
export type InputReader = (input: Input, context: ReaderContext) => AsyncIterable<RecordBatch>;

/** Makes the reader of a format that is read from its first byte to its last. */
export function sequential(format: RecordFormat): InputReader {
  return async function* (input, context) {
    const { position, isFile, from } = context;
    const opened = openInput(input, { ...context, offset: from?.offset });
    const chunks = position.track(opened.chunks);
    const canResumeAt = canSeek(input, isFile) ? position.canResumeAt.bind(position) : undefined;
    try {
      yield* format(chunks, { ...context, canResumeAt });
    } finally {
      await opened.close();
      // A format that has only peeked at the chunks has not closed them.
      await chunks.return(undefined);
    }
  };
}

/** The records of some inputs, one after another. Lazy; each iteration opens the files again and closes each at its end. */
export class RecordStream extends AsyncIterableX<DataRecord> {
  readonly #inputsOf: () => Promise<readonly Input[]>;
  readonly #readerOf: (input: Input) => InputReader;
  readonly #options: Resolved<typeof readOptions>;

  /** `reader` is the function that the user called, for messages. */
  constructor(
    reader: string,
    inputsOf: () => Promise<readonly Input[]>,
    readerOf: (input: Input) => InputReader,
    options: ReadOptions,
  ) {
    super();
    this.#options = resolveOptions(reader, readOptions, options);
    this.#inputsOf = inputsOf;
    this.#readerOf = readerOf;
  }

  override async *[Symbol.asyncIterator](iteratorSignal?: AbortSignal): AsyncGenerator<DataRecord> {
    const { onBadLine, maxLineBytes, places = false, rejects: takeReject = warnOfReject } = this.#options;
    const { onBytes, onPosition, resume, onNotice: notice = warnOfNotice, expectedKeys = [], onFormat } = this.#options;
    const signal = eitherSignal(iteratorSignal, this.#options.signal);
    signal?.throwIfAborted();
    const inputs = await this.#inputsOf();
    const sizes = await Promise.all(inputs.map(inputBytes));
    const totalBytes = sizes.reduce(
      (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
      0,
    );
    for (const [i, input] of places ? inputs.entries() : []) requirePlaces(input, sizes[i] !== undefined);
    let bytesRead = 0;
    let toCheck = expectedKeys.length === 0 ? 0 : CHECKED_RECORDS;
    const position = new ResumePosition(inputs, onPosition, resume);
    const rejects: Rejects = (reject) => {
      position.ordinal++;
      return takeReject(reject);
    };
    for (const [i, input] of inputs.entries()) {
      const from = await position.begin(i);
      if (from === undefined) {
        bytesRead += sizes[i] ?? 0;
        continue;
      }
      bytesRead += from.line > 0 ? from.offset : 0;
      const isFile = sizes[i] !== undefined;
      const path = inputName(input);
      const format = (name: string) => onFormat?.(path, name);
      const context = {
        onBadLine,
        rejects,
        maxLineBytes,
        places,
        path,
        isFile,
        notice,
        format,
        signal,
        position,
        from,
      };
      for await (const batch of this.#readerOf(input)(input, context)) {
        const bytesPerRecord = batch.rawBytes / batch.records.length;
        let given = 0;
        for (const record of batch.records) {
          if (signal?.aborted) throw signal.reason;
          const place = batch.places?.[given];
          if (place !== undefined && isRecord(record)) rememberPlace(record, { path, ...place });
          if (toCheck > 0 && isRecord(record)) {
            toCheck--;
            if (noticeOtherNames(record, expectedKeys, notice)) toCheck = 0;
          }
          position.ordinal++;
          // Valid JSON that is not an object is passed on as it is: operators refuse it, with the record in the reject.
          yield record as DataRecord;
          given++;
          onBytes?.(Math.floor(bytesRead + given * bytesPerRecord), totalBytes);
        }
        bytesRead += batch.rawBytes;
        if (given === 0) onBytes?.(bytesRead, totalBytes);
      }
      const grown = isFile ? ((await inputBytes(input)) ?? 0) - (sizes[i] ?? 0) : 0;
      if (grown > 0)
        notice(`${path} grew by ${grown} bytes while it was read; what is written to it from now on is not read`);
    }
    position.end();
  }
}

/** The first records, which show the names of the keys. */
const CHECKED_RECORDS = 100;

/** Gives a remark on keys that a record has under another name. */
function noticeOtherNames(record: DataRecord, keys: readonly string[], notice: (text: string) => void): boolean {
  const found = keys.flatMap((key) => {
    const other = otherNameOf(record, key);
    return other === undefined ? [] : [`no key ${JSON.stringify(key)}: reading ${JSON.stringify(other)}`];
  });
  if (found.length > 0) notice(`the records have ${found.join(', ')}; --text-key and --id-key name others`);
  return found.length > 0;
}

const warnOfNotice = (notice: string): void => process.emitWarning(notice, 'RareflowNotice');
