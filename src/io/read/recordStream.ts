import { AsyncIterableX } from 'ix/asynciterable/asynciterablex';
import type { Rejects } from '../../flow/rejects.js';
import { warnOfReject } from '../../flow/rejects.js';
import { type DataRecord, isRecord, rememberPlace } from '../../record.js';
import { eitherSignal } from '../../util/abort.js';
import { otherNameOf } from '../../util/keyPath.js';
import { type Resolved, resolveOptions } from '../../util/options.js';
import type { LinePlace } from '../parse/jsonLines.js';
import type { Chunk } from './byteChunks.js';
import { canSeek, type Input, inputBytes, inputName } from './input.js';
import { type ReadOptions, readOptions } from './options.js';
import { noPlaces, requirePlaces } from './places.js';
import { ResumePosition } from './resumePosition.js';
import { edgesOf, openSlice, type Slice, type SliceEdges } from './slice.js';

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
  /** True if the chunks begin midway in the input. */
  isEntered: boolean;
  /** Returns the number of lines before the first one that is counted, of a slice of lines. */
  linesBefore?: (() => Promise<number>) | undefined;
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
  slice: Slice | undefined;
  edges: SliceEdges;
}

/** Opens one input, yields its records and closes it. */
export type InputReader = (input: Input, context: ReaderContext) => AsyncIterable<RecordBatch>;

/** Makes the reader of a format that is read from its first byte to its last. */
export function sequential(format: RecordFormat): InputReader {
  return async function* (input, context) {
    const { position, isFile, from, slice, edges, signal } = context;
    const opened = openSlice(input, slice, { isFile, signal, offset: from?.offset ?? 0, end: edges.end });
    const chunks = position.track(opened.chunks);
    // The items of a slice are counted from the start of their input.
    const isSeekable = canSeek(input, isFile) && slice?.unit !== 'items';
    const canResumeAt = isSeekable ? position.canResumeAt.bind(position) : undefined;
    const linesBefore = opened.linesBefore ?? edges.linesBefore;
    try {
      yield* format(chunks, { ...context, canResumeAt, linesBefore });
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
  readonly #readerOf: (input: Input, slice?: Slice) => InputReader;
  readonly #options: Resolved<typeof readOptions>;

  /** `reader` is the function that the user called, for messages. */
  constructor(
    reader: string,
    inputsOf: () => Promise<readonly Input[]>,
    readerOf: (input: Input, slice?: Slice) => InputReader,
    options: ReadOptions,
  ) {
    super();
    this.#options = resolveOptions(reader, readOptions, options);
    this.#inputsOf = inputsOf;
    this.#readerOf = readerOf;
  }

  override async *[Symbol.asyncIterator](iteratorSignal?: AbortSignal): AsyncGenerator<DataRecord> {
    const { onBadLine, maxLineBytes, places = false, rejects: takeReject = warnOfReject } = this.#options;
    const { slices = [] } = this.#options;
    const { onBytes, onPosition, resume, onNotice: notice = warnOfNotice, expectedKeys = [], onFormat } = this.#options;
    const signal = eitherSignal(iteratorSignal, this.#options.signal);
    signal?.throwIfAborted();
    const inputs = await this.#inputsOf();
    const sizes = await Promise.all(inputs.map(inputBytes));
    const parts = sizes.map((size, i) => size && Math.min(slices[i]?.bytes ?? size, size));
    const totalBytes = parts.reduce(
      (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
      0,
    );
    for (const [i, input] of places ? inputs.entries() : []) {
      requirePlaces(input, sizes[i] !== undefined);
      if (slices[i] !== undefined) throw noPlaces(inputName(input), 'is read in part');
    }
    const edges = await Promise.all(inputs.map((input, i) => edgesOf(input, slices[i])));
    const sliced = inputs.map((input, i) => ({ input, slice: slices[i], edges: edges[i] as SliceEdges }));
    let bytesRead = 0;
    let toCheck = expectedKeys.length === 0 ? 0 : CHECKED_RECORDS;
    const position = new ResumePosition(sliced, onPosition, resume);
    /** The items of the current input that are not its slice's before it, and those in it. */
    let toSkip = 0;
    let toTake = Number.POSITIVE_INFINITY;
    const isTaken = () => {
      if (toSkip > 0) toSkip -= 1;
      else if (toTake > 0) {
        toTake -= 1;
        return true;
      }
      return false;
    };
    const rejects: Rejects = (reject) => {
      if (!isTaken()) return;
      position.ordinal++;
      return takeReject(reject);
    };
    for (const [i, input] of inputs.entries()) {
      const from = await position.begin(i);
      if (from === undefined) {
        bytesRead += parts[i] ?? 0;
        continue;
      }
      const slice = slices[i];
      const { offset: start } = edges[i] as SliceEdges;
      bytesRead += from.line > 0 ? from.offset - start : 0;
      const items = slice?.unit === 'items' ? slice : undefined;
      toSkip = items?.start ?? 0;
      toTake = (items?.end ?? Number.POSITIVE_INFINITY) - toSkip;
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
        slice,
        edges: edges[i] as SliceEdges,
        isEntered: from.line > 0 || (slice?.unit === 'text' ? slice.start > 0 : slice?.unit === 'bytes' && start > 0),
      };
      for await (const batch of this.#readerOf(input, slice)(input, context)) {
        const bytesPerRecord = batch.rawBytes / batch.records.length;
        let given = 0;
        for (const record of batch.records) {
          if (signal?.aborted) throw signal.reason;
          if (!isTaken()) continue;
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
        if (toTake === 0) break;
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
