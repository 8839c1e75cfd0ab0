import { UsageError } from '../../errors.js';
import { inputFiles } from '../../io/read/inputFiles.js';
import { checkOutputFile, refusePacked } from '../../io/write/atomicFile.js';
import { filesBeside } from '../../io/write/filesBeside.js';
import { recordFormOf } from '../../io/write/recordForm.js';
import { sayNotice } from '../progress/terminal.js';
import { isDevice } from '../runFolderPath.js';
import { refuseSameFile } from './files.js';
import { canResume, wasStarted } from './runFolder.js';

/**
 * Returns the files that a command reads, with folders and patterns resolved; stdin if none is given and it is a pipe. A
 * command that starts from documents takes none of the earlier outputs in a folder.
 */
export async function inputPaths(inputs: string[], { withoutOutputs = false } = {}): Promise<string[]> {
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('stdin (-) can be read only once');
  if (inputs.length > 0) return await inputFiles(inputs, { withoutOutputs, onNotice: sayNotice });
  if (!process.stdin.isTTY) return ['-'];
  throw new UsageError('no input', { hint: 'name a JSONL file, or pipe records to stdin' });
}

/** Returns the paths of a command's records and rejects. Throws if they cannot be written, or are also read. */
export async function outputsOf(
  inputs: string[],
  flags: { output?: string | undefined; rejects?: string | undefined; resume?: string | undefined },
) {
  const { output = '-' } = flags;
  if (output === '' || flags.rejects === '') throw new UsageError('the name of an output is empty');
  const rejectsPath = flags.rejects ?? (output === '-' || isDevice(output) ? undefined : filesBeside(output).rejects);
  recordFormOf(output);
  refuseSameFile({ inputs, outputs: { '--output': output, '--rejects': rejectsPath } });
  const mayBePartial = flags.resume === 'rebuild' || wasStarted(output);
  if (output !== '-') await checkOutputFile(output, { mayBePartial, canRebuild: canResume(output) });
  if (rejectsPath !== undefined) {
    refusePacked(rejectsPath);
    await checkOutputFile(rejectsPath, { partial: false });
  }
  return { output, rejectsPath };
}
