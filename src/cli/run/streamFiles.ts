import { UsageError } from '../../errors.js';
import { inputFiles } from '../../io/read/inputFiles.js';
import { checkOutputFile } from '../../io/write/atomicFile.js';
import { isDevice, refuseSameFile } from './files.js';
import { wasBegun } from './runFolder.js';

/** The files that a command reads, folders and patterns looked up: stdin where none is named and something is piped to it. */
export async function inputPaths(inputs: string[]): Promise<string[]> {
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('stdin (-) can be read only once');
  if (inputs.length > 0) return await inputFiles(inputs);
  if (!process.stdin.isTTY) return ['-'];
  throw new UsageError('no input', { hint: 'name a JSONL file, or pipe records to stdin' });
}

/** Where a command writes its records and its rejects. Throws where it could not, or would write over what it reads. */
export async function outputsOf(inputs: string[], flags: { output?: string; rejects?: string }) {
  const { output = '-' } = flags;
  if (output === '' || flags.rejects === '') throw new UsageError('the name of an output is empty');
  const rejectsPath = flags.rejects ?? (output === '-' || isDevice(output) ? undefined : rejectsPathOf(output));
  if (/\.(parquet|zst)$/i.test(output)) {
    throw new UsageError(`${output}: records are written as JSONL`, {
      hint: 'name a .jsonl file; rareflow export writes parquet from it',
    });
  }
  refuseSameFile({ inputs, outputs: { '--output': output, '--rejects': rejectsPath } });
  if (output !== '-') await checkOutputFile(output, { mayBePartial: wasBegun(output) });
  return { output, rejectsPath };
}

/** `out.jsonl` → `out.rejects.jsonl` */
function rejectsPathOf(output: string): string {
  return `${output.replace(/\.jsonl$/, '')}.rejects.jsonl`;
}
