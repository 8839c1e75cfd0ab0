import type { Position, ResumeFrom } from '../flow/resume.js';
import { type DataRecord, isRecord, type Reject } from '../record.js';
import { describe } from '../util/check.js';

interface NumberedItem {
  ordinal: number;
  record?: DataRecord;
  reject?: Reject;
}

export interface NumberedSourceOptions {
  /** Read at most this many items, including those of earlier sessions. */
  limit: number;
  resume: ResumeFrom | undefined;
  /** Returns true for items that were finished before. */
  isFinished: (ordinal: number) => boolean;
  /** Returns true for items that are not processed in this session. Default: none. */
  isLeftOut?: ((ordinal: number) => boolean) | undefined;
  /** Takes a record that was finished before, or is left out. */
  onFinished?: ((ordinal: number, record: DataRecord) => void) | undefined;
  /** Takes a record and returns the one to pass on. */
  onRecord: (ordinal: number, record: DataRecord) => DataRecord;
  /** Takes an item that is not a record. */
  onRefused: (ordinal: number, reject: Reject) => void | Promise<void>;
}

/**
 * Numbers the items of a source, records and bad lines alike, and passes on those that were not finished before. When a
 * source is resumed, none is passed on until it has read as far as before: by then it has checked that it reads the same.
 */
export class NumberedSource {
  /** The items read, including those of earlier sessions. */
  count: number;
  readonly #options: NumberedSourceOptions;
  /** The newest position reported, and the ones before it that may still be needed. */
  readonly #positions: Position[] = [];
  #held: NumberedItem[] = [];

  constructor(options: NumberedSourceOptions) {
    this.#options = options;
    const { from } = options.resume ?? {};
    this.count = from?.ordinal ?? 0;
    if (from !== undefined) this.#positions.push(from);
  }

  /** Takes a position that the source reports. */
  onPosition(position: Position): void {
    while (this.#positions.at(-1)?.ordinal === position.ordinal) this.#positions.pop();
    this.#positions.push(position);
  }

  /** Returns the last position before an item at which the source can resume, and the furthest that it reported. */
  positionsAt(ordinal: number): { from?: Position | undefined; seen?: Position | undefined } {
    while (this.#positions.length > 1 && (this.#positions[1] as Position).ordinal <= ordinal) this.#positions.shift();
    const { seen } = this.#options.resume ?? {};
    return { from: this.#positions[0], seen: this.#isChecked() ? this.#positions.at(-1) : seen };
  }

  /** Takes an item that the source refused. */
  refuse(reject: Reject): void | Promise<void> {
    const ordinal = this.count++;
    if (this.#isPassed(ordinal)) return;
    if (this.#isChecked()) return this.#options.onRefused(ordinal, reject);
    this.#held.push({ ordinal, reject });
  }

  /** Yields the records that are to be processed. */
  async *records(source: AsyncIterable<DataRecord>): AsyncGenerator<DataRecord> {
    const { limit, onFinished, onRecord } = this.#options;
    if (this.count >= limit) return;
    for await (const value of source) {
      if (this.count >= limit) break;
      const ordinal = this.count++;
      if (!this.#isPassed(ordinal)) {
        if (this.#held.length === 0 && isRecord(value) && this.#isChecked()) yield onRecord(ordinal, value);
        else this.#held.push({ ordinal, ...asItem(value) });
      } else if (isRecord(value)) onFinished?.(ordinal, value);
      if (this.#held.length > 0 && this.#isChecked()) yield* this.#release();
      if (this.count >= limit) break;
    }
    yield* this.#release();
  }

  #isPassed(ordinal: number): boolean {
    return this.#options.isFinished(ordinal) || this.#options.isLeftOut?.(ordinal) === true;
  }

  #isChecked(): boolean {
    const { seen } = this.#options.resume ?? {};
    return seen === undefined || (this.#positions.at(-1) as Position).read >= seen.read;
  }

  async *#release(): AsyncGenerator<DataRecord> {
    const items = this.#held;
    this.#held = [];
    for (const { ordinal, record, reject } of items) {
      if (record !== undefined) yield this.#options.onRecord(ordinal, record);
      else if (reject !== undefined) await this.#options.onRefused(ordinal, reject);
    }
  }
}

function asItem(value: unknown): { record: DataRecord } | { reject: Reject } {
  if (isRecord(value)) return { record: value };
  return { reject: { stage: 'read', reason: `it is ${describe(value)}, not a JSON object`, record: value } };
}
