import type { Declared } from '../../../util/options.js';
import { withLocalCopies } from './localCopies.js';
import { shardedFlags } from './shardedFlags.js';

/** Returns the flags of a command as its shard has them, with the cache and the index on a local disk if they must be. */
export function placedFlags<F extends object>(options: Declared, flags: F, env: NodeJS.ProcessEnv): Promise<F> {
  return withLocalCopies(options, shardedFlags(options, flags, env), { env });
}
