import { UsageError } from '../../errors.js';
import { workFolderOf } from '../run/workFolder.js';

export interface CacheFlags {
  /** The folder, or false for none. */
  cache?: string | false;
  retryRejects?: boolean;
  output?: string;
  model?: string;
}

/**
 * Where a command keeps the model's answers: `--cache`, else RAREFLOW_CACHE, else beside the output; nowhere for records
 * that go to stdout. The offline model is faster than a cache, so it has one only where `--cache` says so.
 */
export function cacheFolder(
  { cache, output, model, retryRejects }: CacheFlags,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (cache === false) return undefined;
  if (cache === '') throw new UsageError('--cache names no folder', { hint: '--no-cache goes without one' });
  // What was answered before is why they were rejected.
  if (retryRejects && cache === undefined) return undefined;
  if (cache !== undefined || model === 'offline') return cache;
  return env.RAREFLOW_CACHE || workFolderOf(output)?.concat('/cache');
}
