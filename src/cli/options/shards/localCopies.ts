import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { OutputError } from '../../../errors.js';
import { networkFileSystem, type StatFs } from '../../../store/networkFileSystem.js';
import type { Declared } from '../../../util/options.js';
import { say } from '../../progress/terminal.js';
import { runFolderPath } from '../../runFolderPath.js';

interface LocalFlags {
  output?: string;
  workDir?: string;
  cache?: string | false;
  index?: string;
  model?: string;
  dryRun?: boolean;
  retryRejects?: boolean;
}

/**
 * Returns the flags of a command with the cache and the index on a local disk, if the output or the index is on a network file
 * system: LMDB must not be there, and an index is read all over.
 *
 * @throws OutputError if the index cannot be copied
 */
export async function withLocalCopies<F extends object>(
  options: Declared,
  given: F,
  { env, statfs }: { env: NodeJS.ProcessEnv; statfs?: StatFs },
): Promise<F> {
  const flags = given as LocalFlags;
  if (options.workDir === undefined || flags.dryRun) return given;
  const workDir = flags.workDir ?? path.join(os.tmpdir(), 'rareflow-work');
  const changed: LocalFlags = {};
  const folder = runFolderPath(flags.output);
  const shared = folder === undefined ? undefined : networkFileSystem(folder, statfs);
  if (shared !== undefined) {
    const caches = options.cache !== undefined && flags.cache === undefined && !env.RAREFLOW_CACHE;
    if (caches && flags.model !== 'offline' && !flags.retryRejects) changed.cache = path.join(workDir, 'cache');
    const cache = changed.cache === undefined ? '' : `, and the cache is in ${changed.cache} (--work-dir)`;
    say(`rareflow: ${flags.output} is on ${shared}: the state of the run is a plain file there${cache}`);
  }
  const { index } = flags;
  if (index !== undefined && existsSync(index) && networkFileSystem(index, statfs) !== undefined) {
    changed.index = await localIndex(index, workDir);
  }
  return { ...given, ...changed };
}

/** Copies an index unless its copy is there, and returns the path of the copy. Several processes may do so at once. */
async function localIndex(index: string, workDir: string): Promise<string> {
  const target = path.join(workDir, `index-${fingerprint(index)}.bm25`);
  if (existsSync(target)) {
    say(`rareflow: using the copy ${target} of the index ${index}`);
    return target;
  }
  say(`rareflow: copying the index ${index} to ${target}, as it is on a network file system`);
  const beside = `${target}.${process.pid}.partial`;
  try {
    await mkdir(workDir, { recursive: true });
    await cp(index, beside, { recursive: true, preserveTimestamps: true });
    await rename(beside, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } catch (cause) {
    const hint = 'free some space there, or name a folder on another local disk with --work-dir';
    throw new OutputError(cause instanceof Error ? cause.message : String(cause), { path: workDir, cause, hint });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
  return target;
}

/** A hash of the path, and of the names, sizes and times of the files: that of a new index is another one. */
function fingerprint(index: string): string {
  const files = readdirSync(index, { recursive: true, encoding: 'utf8' }).sort();
  const facts = files.map((name) => {
    const { size, mtimeMs } = statSync(path.join(index, name));
    return [name, size, mtimeMs];
  });
  return createHash('sha256')
    .update(JSON.stringify([path.resolve(index), facts]))
    .digest('hex')
    .slice(0, 16);
}
