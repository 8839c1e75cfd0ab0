import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../errors.js';
import { inputFiles } from '../../io/read/inputFiles.js';
import { checkOutputFile, refusePacked } from '../../io/write/atomicFile.js';
import { filesBeside } from '../../io/write/filesBeside.js';
import { recordFormOf } from '../../io/write/recordForm.js';
import { STEP_PREFIX } from '../options/output.js';
import type { StreamFlags } from '../options/stream.js';
import { sayNotice } from '../progress/terminal.js';
import { isDevice } from '../runFolderPath.js';
import { refuseSameFile } from './files.js';
import { canResume, wasStarted } from './runFolder.js';

/**
 * Returns the files that a command reads, with folders and patterns resolved; stdin if none is given and it is a pipe. A
 * command that starts from documents takes none of the earlier outputs in a folder. A folder of shards must be complete.
 */
export async function inputPaths(inputs: string[], { documentsOnly = false } = {}): Promise<string[]> {
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('stdin (-) can be read only once');
  if (inputs.length > 0) {
    const named = await Promise.all(inputs.map(shardsOrItself));
    return await inputFiles(named.flat(), { documentsOnly, onNotice: sayNotice });
  }
  if (!process.stdin.isTTY) return ['-'];
  throw new UsageError('no input', { hint: 'name a JSONL file, or pipe records to stdin' });
}

/** Returns the files of `--step-files`, one for each stage, and makes their folder. Throws UsageError if they cannot be written. */
export function stepFilesOf(
  { stepFiles, stepPrefix = STEP_PREFIX, retryRejects }: StreamFlags,
  { stages, inputs }: { stages: readonly unknown[]; inputs: string[] },
): string[] {
  if (stepFiles === undefined) return [];
  if (retryRejects) {
    throw new UsageError('--retry-rejects does not change step files', { hint: 'leave out --step-files' });
  }
  if (path.basename(stepPrefix) !== stepPrefix) throw new UsageError('--step-prefix is a name, without a folder');
  const files = stages.map((_, index) => path.join(stepFiles, `${stepPrefix}_step${index + 1}.jsonl`));
  for (const file of files) refuseSameFile({ inputs, outputs: { '--step-files': file } });
  mkdirSync(stepFiles, { recursive: true });
  return files;
}

/** Returns the outputs of a folder of shards, in their order. Throws UsageError if one of them is not done. */
async function shardsOrItself(input: string): Promise<string[]> {
  if (!statSync(input, { throwIfNoEntry: false })?.isDirectory()) return [input];
  const { isShardFolder } = await import('../../shards/shardStatus.js');
  if (!isShardFolder(input)) return [input];
  const { finishedShards } = await import('../../shards/mergeShards.js');
  return (await finishedShards(input)).map(({ path }) => path);
}

/** Returns the paths of a command's records and rejects. Throws if they cannot be written, or are also read. */
export async function outputsOf(
  inputs: string[],
  flags: Pick<StreamFlags, 'output' | 'rejects' | 'resume' | 'stepFiles'>,
) {
  const { output = '-' } = flags;
  if (output === '' || flags.rejects === '') throw new UsageError('the name of an output is empty');
  const rejectsPath = flags.rejects ?? (output === '-' || isDevice(output) ? undefined : filesBeside(output).rejects);
  recordFormOf(output);
  if (flags.stepFiles !== undefined && !canResume(output)) throw new UsageError('--step-files needs -o FILE');
  refuseSameFile({ inputs, outputs: { '--output': output, '--rejects': rejectsPath } });
  const mayBePartial = flags.resume === 'rebuild' || wasStarted(output);
  if (output !== '-') await checkOutputFile(output, { mayBePartial, canRebuild: canResume(output) });
  if (rejectsPath !== undefined) {
    refusePacked(rejectsPath);
    await checkOutputFile(rejectsPath, { partial: false });
  }
  return { output, rejectsPath };
}
