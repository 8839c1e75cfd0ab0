import { withOrdinal } from '../flow/ordinal.js';
import type { Position, ResumeFrom } from '../flow/resume.js';
import { type DataRecord, isRecord, type Reject } from '../record.js';

interface Item {
  ordinal: number;
  record?: DataRecord;
  reject?: Reject;
}

export interface NumberedOptions {
  /** Read so many items at most, those of earlier sessions among them. */
  limit: number;
  resume?: ResumeFrom | undefined;
  /** Items that were done before. */
  isFinished?: ((ordinal: number) => boolean) | undefined;
  /** Whether records carry their numbers with them. */
  isTraced: boolean;
  /** A record is about to be passed on. */
  onRecord: (ordinal: number) => void;
  /** Takes an item that is no record. */
  onRefused: (reject: Reject, ordinal: number) => void | Promise<void>;
}

/**
 * Numbers the items of a source, records and bad lines alike, and passes those on that were not done before. Where a source
 * is gone on with, none is passed on until it has read as far as before: that it holds the same was then checked.
 */
export class NumberedSource {
  /** How many items were read, with those of earlier sessions. */
  count: number;
  /** The newest position that was told, and the ones before it that may still be needed. */
  readonly #positions: Position[] = [];
  #held: Item[] = [];

  constructor(private readonly options: NumberedOptions) {
    const { from } = options.resume ?? {};
    this.count = from?.ordinal ?? 0;
    if (from !== undefined) this.#positions.push(from);
  }

  /** The source tells where it stands. */
  onPosition(position: Position): void {
    while (this.#positions.at(-1)?.ordinal === position.ordinal) this.#positions.pop();
    this.#positions.push(position);
  }

  /** The last place before an item from which the source can be gone on with, and the furthest that it has told. */
  positionsAt(ordinal: number): { from?: Position | undefined; seen?: Position | undefined } {
    while (this.#positions.length > 1 && (this.#positions[1] as Position).ordinal <= ordinal) this.#positions.shift();
    const { seen } = this.options.resume ?? {};
    return { from: this.#positions[0], seen: this.#isChecked() ? this.#positions.at(-1) : seen };
  }

  /** The source refused an item. */
  refuse(reject: Reject): void | Promise<void> {
    const ordinal = this.count++;
    if (this.options.isFinished?.(ordinal)) return;
    if (this.#isChecked()) return this.options.onRefused(reject, ordinal);
    this.#held.push({ ordinal, reject });
  }

  /** The records that are to be done. */
  async *records(source: AsyncIterable<DataRecord>): AsyncGenerator<DataRecord> {
    const { limit, isFinished } = this.options;
    if (this.count >= limit) return;
    for await (const value of source) {
      if (this.count >= limit) break;
      const ordinal = this.count++;
      if (!isFinished?.(ordinal)) {
        if (this.#held.length === 0 && isRecord(value) && this.#isChecked()) yield this.#begin(ordinal, value);
        else this.#held.push({ ordinal, ...asItem(value) });
      }
      if (this.#held.length > 0 && this.#isChecked()) yield* this.#release();
      if (this.count >= limit) break;
    }
    yield* this.#release();
  }

  #isChecked(): boolean {
    const { seen } = this.options.resume ?? {};
    return seen === undefined || (this.#positions.at(-1) as Position).read >= seen.read;
  }

  #begin(ordinal: number, record: DataRecord): DataRecord {
    this.options.onRecord(ordinal);
    return this.options.isTraced ? withOrdinal(record, ordinal) : record;
  }

  async *#release(): AsyncGenerator<DataRecord> {
    const items = this.#held;
    this.#held = [];
    for (const { ordinal, record, reject } of items) {
      if (record !== undefined) yield this.#begin(ordinal, record);
      else if (reject !== undefined) await this.options.onRefused(reject, ordinal);
    }
  }
}

function asItem(value: unknown): { record: DataRecord } | { reject: Reject } {
  if (isRecord(value)) return { record: value };
  const what = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  return { reject: { stage: 'read', reason: `it is ${what}, not a JSON object`, record: value } };
}
