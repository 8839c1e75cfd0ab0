import { mkdirSync, statSync } from 'node:fs';
import { UsageError } from '../../../errors.js';
import { partPath, type ShardNumber, shardOfEnvironment } from '../../../shards/shardName.js';
import type { Declared } from '../../../util/options.js';
import { say } from '../../progress/terminal.js';
import type { ShardFlags } from './shardOptions.js';

interface ShardedFlags extends ShardFlags {
  output?: string;
  rejects?: string;
  stepFiles?: string;
  limit?: number;
  sample?: number;
  dryRun?: boolean;
  budgetUsd?: number;
  budgetTokens?: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
}

const shared = ['budgetUsd', 'budgetTokens', 'requestsPerMinute', 'tokensPerMinute'] as const;

/**
 * Returns the flags of a command as its shard has them: its own output in the folder `-o`, and its share of budgets and limits.
 * Without --shard they stay as they are.
 *
 * @throws UsageError for flags that do not go together
 */
export function shardedFlags<F extends object>(options: Declared, given: F, env: NodeJS.ProcessEnv): F {
  const flags = given as ShardedFlags;
  if (options.shard === undefined) return given;
  if (flags.shard === undefined) {
    if (flags.shards === undefined) return given;
    throw new UsageError('--shards needs --shard auto', { hint: 'or pass --shard k/N' });
  }
  if (flags.dryRun) {
    say('rareflow: the dry run is that of all shards together');
    return { ...given, shard: undefined };
  }
  const shard = shardOf(flags, env);
  const folder = checkedFolder(flags);
  mkdirSync(folder, { recursive: true });
  const output = partPath(folder, shard);
  say(`rareflow: shard ${shard.index} of ${shard.of} (0 to ${shard.of - 1}): ${output}`);
  const waitForOwner = flags.waitForOwner ?? 120;
  return { ...given, ...shareOf(flags, shard), shard, output, waitForOwner };
}

function shardOf({ shard, shards }: ShardedFlags, env: NodeJS.ProcessEnv): ShardNumber {
  if (shard === 'auto') return shardOfEnvironment(env, shards, (notice) => say(`rareflow: ${notice}`));
  if (shards !== undefined && shards !== shard?.of) {
    throw new UsageError(`--shard ${shard?.index}/${shard?.of} and --shards ${shards} disagree`);
  }
  return shard as ShardNumber;
}

function checkedFolder({ output, rejects, stepFiles, limit, sample }: ShardedFlags): string {
  if (output === undefined || output === '' || output === '-') {
    throw new UsageError('--shard needs -o FOLDER', { hint: 'all shards write into one folder: -o out/' });
  }
  const found = statSync(output, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) {
    throw new UsageError(`${output} is a file, and with --shard -o names a folder`, { hint: 'write to -o out/' });
  }
  if (rejects !== undefined) {
    throw new UsageError('--rejects names one file, and each shard writes its own', {
      hint: 'leave it out: rareflow merge puts the rejects together',
    });
  }
  if (stepFiles !== undefined) {
    throw new UsageError('--step-files names files of one process, and each shard is one', { hint: 'leave it out' });
  }
  if (sample !== undefined) {
    throw new UsageError('--sample draws from the whole input, of which a shard reads its part', {
      hint: 'take the sample without --shard, into another output; --cache DIR keeps its answers for the shards',
    });
  }
  if (limit !== undefined) {
    throw new UsageError('--limit counts records of the whole input, of which a shard reads its part', {
      hint: 'try the command with --limit and without --shard first',
    });
  }
  return output;
}

/** Returns the budgets and limits of one shard, and says what they are. */
function shareOf(flags: ShardedFlags, { of }: ShardNumber): Partial<ShardedFlags> {
  const given = shared.filter((name) => flags[name] !== undefined);
  if (given.length === 0 || of === 1) return {};
  const all = given.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  if (flags.shareLimits === 'off') {
    say(
      `rareflow: each of the ${of} shards has the whole ${all.join(', ')}: together they may use ${of} times as much`,
    );
    return {};
  }
  const share: Partial<ShardedFlags> = {};
  const said = given.map((name, at) => {
    const whole = flags[name] as number;
    const part = name === 'budgetUsd' ? whole / of : Math.floor(whole / of);
    if (part === 0) {
      throw new UsageError(`${all[at]} ${whole} cannot be shared by ${of} shards`, {
        hint: 'run fewer shards, or pass --share-limits off and the limit of one shard',
      });
    }
    share[name] = part;
    return `${part} of ${all[at]} ${whole}`;
  });
  say(`rareflow: this shard has its share: ${said.join(', ')} (--share-limits off gives each shard the whole)`);
  return share;
}
