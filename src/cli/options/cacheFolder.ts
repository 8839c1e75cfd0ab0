import { UsageError } from '../../errors.js';
import { text } from '../../util/options.js';
import { runFolderPath } from '../runFolderPath.js';

export const cacheOption = text({
  help: "keep the model's answers in this folder, so that none is paid for twice",
  helpOff: 'keep no answers, and ask for all of them again',
  placeholder: '<folder>',
  defaultText: 'RAREFLOW_CACHE, else OUTPUT.rareflow/cache',
  mayBeEmpty: true,
  group: 'Money',
  shapesRecords: false,
});

export interface CacheFlags {
  /** The folder, or false for none. */
  cache?: string | false | undefined;
  retryRejects?: boolean | undefined;
  output?: string | undefined;
  model?: string | undefined;
}

/**
 * The folder where a command keeps the model's answers: `--cache`, else RAREFLOW_CACHE, else beside the output; none for
 * records that go to stdout. The offline model is faster than a cache, so it has one only if `--cache` names it.
 */
export function cacheFolder(
  { cache, output, model, retryRejects }: CacheFlags,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (cache === false) return undefined;
  if (cache === '') throw new UsageError('--cache names no folder', { hint: '--no-cache runs without one' });
  // The cached answers are the reason for the rejects.
  if (retryRejects && cache === undefined) return undefined;
  if (cache !== undefined || model === 'offline') return cache;
  return env.RAREFLOW_CACHE || runFolderPath(output)?.concat('/cache');
}
