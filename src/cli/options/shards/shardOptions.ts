import { isRecord } from '../../../record.js';
import { isShard, parseShard, type ShardNumber } from '../../../shards/shardName.js';
import { choice, type Resolved, text, value, wholeNumber } from '../../../util/options.js';

const ofShards = { group: 'Shards', shapesRecords: false };

/** The options of a command that can be one of several processes on one input. */
export const shardOptions = {
  shard: value<ShardNumber | 'auto', { help: string; placeholder: string; group: string; shapesRecords: boolean }>(
    {
      ...ofShards,
      help: 'process part k of N of the input, from 0/N to N-1/N, and write it to the folder -o; auto takes k and N from Slurm, Kubernetes or AWS Batch',
      placeholder: '<k/N>',
    },
    {
      expected: 'k/N with 0 <= k < N, such as 3/16, or auto',
      accepts: (given) => given === 'auto' || (isRecord(given) && isShard(given as unknown as ShardNumber)),
      parse: (given) => (given === 'auto' ? given : parseShard(given)),
    },
  ),
  shards: wholeNumber({
    ...ofShards,
    help: 'the number of shards, for --shard auto where the scheduler does not give it',
    max: 99_999,
  }),
  shareLimits: choice(['on', 'off'], {
    ...ofShards,
    help: 'divide --budget-usd, --budget-tokens, --requests-per-minute and --tokens-per-minute by the number of shards; off gives each shard the whole',
    placeholder: '<how>',
    default: 'on',
  }),
  waitForOwner: wholeNumber({
    ...ofShards,
    help: 'wait this many seconds for a process on another host that still owns the run, which counts as gone after 90 s of silence',
    min: 0,
    defaultText: '120 with --shard, else 0',
  }),
  workDir: text({
    ...ofShards,
    help: 'the folder on a local disk for the cache and a copy of the index, if the output or the index is on a network file system',
    placeholder: '<folder>',
    defaultText: 'rareflow-work in the folder for temporary files',
  }),
};

export type ShardFlags = Partial<Resolved<typeof shardOptions>>;
