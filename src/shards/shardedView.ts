import { GrowingFile, type GrowingFileState } from '../io/read/growingFile.js';
import { partPath } from './shardName.js';
import { shardStatus } from './shardStatus.js';

/** The outputs of the shards of a folder as one file that is read at any line, in their order, also while shards write. */
export class ShardedView {
  readonly #files: GrowingFile[];
  /** The lines of each file that are shown: what a shard adds before the lines of others would move those. */
  #known: number[] = [];
  #generation = 0;

  private constructor(files: GrowingFile[]) {
    this.#files = files;
  }

  /** Throws UsageError if the folder holds no shards. */
  static async open(folder: string): Promise<ShardedView> {
    const shards = await shardStatus(folder);
    return new ShardedView(shards.map((shard) => new GrowingFile(partPath(folder, shard))));
  }

  get state(): GrowingFileState {
    const states = this.#files.map((file) => file.state);
    const sum = (of: (state: GrowingFileState) => number) => states.reduce((total, state) => total + of(state), 0);
    return {
      records: sum(({ records }) => records),
      bytesRead: sum(({ bytesRead }) => bytesRead),
      bytes: sum(({ bytes }) => bytes),
      partial: states.some(({ partial }) => partial),
      generation: this.#generation + sum(({ generation }) => generation),
    };
  }

  /** Reads to the end of each shard as it is now; a shard that has not begun is empty. */
  async follow(signal?: AbortSignal): Promise<void> {
    for (const file of this.#files) await file.follow(signal).catch(() => {});
    const now = this.#files.map((file) => file.state.records);
    const last = this.#known.findLastIndex((records) => records > 0);
    if (now.some((records, at) => at < last && records !== this.#known[at])) this.#generation += 1;
    this.#known = now;
  }

  async *lines(from: number, count = Number.POSITIVE_INFINITY) {
    let skip = from;
    let left = count;
    for (const file of this.#files) {
      const { records } = file.state;
      if (skip >= records) {
        skip -= records;
        continue;
      }
      for await (const line of file.lines(skip, left)) {
        yield line;
        left -= 1;
      }
      skip = 0;
      if (left <= 0) return;
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
  }
}
