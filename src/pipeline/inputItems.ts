import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Source } from '../flow/source.js';
import { type DataRecord, defaultKeys, type Reject } from '../record.js';
import { NumberedSource } from './numberedSource.js';

/** Opens the input; bad lines go to `rejects`. */
export type OpenItems = (rejects: (reject: Reject) => void | Promise<void>) => Source<DataRecord>;

/**
 * Finds the item of the input that a result was made from: operators add keys behind those of the record that they get, so a
 * result begins with it. The input is read as far as the results need it; the items that no result was found for are kept
 * as a hash each.
 */
export class InputItems {
  /** The numbers of the items without a result, by the hash of what a result of them begins with. */
  readonly #open = new Map<string, number[]>();
  /** The numbers of keys that the records of the input have, the most first. */
  #widths: number[] = [];
  readonly #records: AsyncGenerator<DataRecord>;

  constructor(open: OpenItems, limit: number) {
    const numbered = new NumberedSource({
      limit,
      resume: undefined,
      isFinished: () => false,
      onRecord: (ordinal, record) => {
        const entries = entriesOf(record);
        if (!this.#widths.includes(entries.length)) {
          this.#widths = [...this.#widths, entries.length].sort((a, b) => b - a);
        }
        this.#add(digestOf(entries), ordinal);
        return record;
      },
      onRefused: (ordinal, reject) => this.#add(badLineOf(reject), ordinal),
    });
    this.#records = numbered.records(open((reject) => numbered.refuse(reject)) as AsyncIterable<DataRecord>);
  }

  /** Takes the first item that a record begins with; resolves to its number, or to undefined if there is none. */
  take(record: DataRecord): Promise<number | undefined> {
    const entries = entriesOf(record);
    return this.#find(() =>
      this.#widths.filter((width) => width <= entries.length).map((width) => digestOf(entries.slice(0, width))),
    );
  }

  /** Takes the item that is the bad line of a reject; resolves to its number, or to undefined if there is none. */
  takeBadLine(reject: Reject): Promise<number | undefined> {
    const keys = [badLineOf(reject)];
    return this.#find(() => keys);
  }

  async close(): Promise<void> {
    await this.#records.return(undefined);
  }

  async #find(keys: () => string[]): Promise<number | undefined> {
    for (let isRead = false; ; ) {
      const key = keys().find((one) => this.#open.has(one));
      if (key !== undefined) return this.#shift(key);
      if (isRead) return undefined;
      isRead = (await this.#records.next()).done === true;
    }
  }

  #add(key: string, ordinal: number): void {
    const alike = this.#open.get(key);
    if (alike === undefined) this.#open.set(key, [ordinal]);
    else alike.push(ordinal);
  }

  #shift(key: string): number {
    const alike = this.#open.get(key) as number[];
    if (alike.length === 1) this.#open.delete(key);
    return alike.shift() as number;
  }
}

/** The keys and values of a record, without the provenance, which operators put last. */
function entriesOf(record: DataRecord): [string, unknown][] {
  return Object.entries(record).filter(([key, value]) => key !== defaultKeys.provenance && value !== undefined);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}

/** The folder is left out: a project may have been moved. */
function badLineOf({ path, line, text, record }: Reject): string {
  return digestOf({ name: path && basename(path), line, text, record });
}
