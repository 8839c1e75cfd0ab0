import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { differences } from '../pipeline/resumeRun.js';
import type { RunSettings } from '../pipeline/state/runState.js';
import { type ShardNumber, shardOfName } from './shardName.js';

/** Hidden, so that a command that reads the folder does not take it for records. */
const SHARED_FILE = '.shards.json';

/** The settings that all shards in a folder share, and their number. */
export interface SharedSettings {
  of: number;
  settings: RunSettings;
}

/** The settings of a run without those that are a shard's own. */
export function withoutShard(settings: RunSettings): RunSettings {
  const { shard, ...shared } = settings;
  const { index: _, ...split } = (shard ?? {}) as Record<string, unknown>;
  return { ...shared, shard: split };
}

/**
 * Makes sure that all shards in a folder are of one run: the first to start keeps its settings there, and others must have the
 * same. Settings that no other shard has begun to work with are replaced.
 *
 * @throws UsageError that names the differences, such as another index or another number of shards
 */
export function joinShards(
  folder: string,
  shard: ShardNumber,
  { settings, readSettings }: { settings: RunSettings; readSettings: (stored: RunSettings) => RunSettings },
): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, SHARED_FILE);
  const beside = join(folder, `${SHARED_FILE}.${process.pid}-${shard.index}`);
  const mine: SharedSettings = { of: shard.of, settings: withoutShard(settings) };
  writeFileSync(beside, JSON.stringify(mine));
  try {
    try {
      linkSync(beside, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const theirs = sharedSettings(folder);
    const changes = theirs && differences(withoutShard(readSettings(theirs.settings)), mine.settings);
    if (theirs?.of === shard.of && changes?.length === 0) return;
    if (theirs !== undefined && hasOtherShards(folder, shard)) {
      const how =
        theirs.of === shard.of ? `other settings: ${changes?.join(', ')}` : `${theirs.of} shards, not ${shard.of}`;
      throw new UsageError(`the shards in ${folder} have ${how}`, {
        hint: 'give all shards the same settings, inputs and index, or write to another folder',
      });
    }
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Returns what the shards in a folder share; undefined if the folder holds none. */
export function sharedSettings(folder: string): SharedSettings | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, SHARED_FILE), 'utf8')) as SharedSettings;
  } catch {
    return undefined;
  }
}

/** Returns the shards that have left something in a folder, each once, in their order. */
export function shardsIn(folder: string): ShardNumber[] {
  const found = new Map<string, ShardNumber>();
  for (const name of readdirSync(folder)) {
    const shard = shardOfName(name);
    if (shard !== undefined) found.set(`${shard.of}/${shard.index}`, shard);
  }
  return [...found.values()].sort((a, b) => a.of - b.of || a.index - b.index);
}

function hasOtherShards(folder: string, { index, of }: ShardNumber): boolean {
  return shardsIn(folder).some((one) => one.index !== index || one.of !== of);
}
