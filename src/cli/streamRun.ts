import { ExitCode, OutputError, UsageError } from '../errors.js';
import type { Operator } from '../flow/operator.js';
import { inputFiles } from '../io/inputFiles.js';
import { checkOutputFile } from '../io/outputFile.js';
import { readRecords } from '../io/readRecords.js';
import { writeJsonl } from '../io/writeJsonl.js';
import type { RareflowModel } from '../llm/createModel.js';
import { type PipelineStage, type RunProgress, runPipeline } from '../pipeline/runPipeline.js';
import type { DataRecord } from '../record.js';
import { isDevice, refuseSameFile } from './files.js';
import { endOnInterrupt } from './interrupt.js';
import { describeRun, progressDisplay } from './progress.js';
import { openRejects } from './rejects.js';
import { spendingLines } from './spending.js';
import { formatCount, formatSeconds, say } from './terminal.js';

export interface StreamFlags {
  onBadLine: 'reject' | 'stop';
  maxLineBytes?: number;
  limit?: number;
  output?: string;
  rejects?: string;
  maxRejects?: number;
}

/** What every command on records tells its operators. */
export interface RecordFlags {
  concurrency: number;
  ordered?: boolean;
  unordered?: boolean;
  overwrite?: boolean;
  provenance: boolean;
}

/** The flags of a command as its operator's options: without those that are the command's own. */
export function operatorOptions<F extends StreamFlags & RecordFlags>(flags: F) {
  const { onBadLine, maxLineBytes, limit, output, rejects, maxRejects, ordered, unordered, ...options } = flags;
  if (ordered && unordered) throw new UsageError('--ordered and --unordered exclude each other');
  return { ...options, ordered: unordered !== true };
}

/** The files that a command reads, folders and patterns looked up: stdin where none is named and something is piped to it. */
export async function inputPaths(inputs: string[]): Promise<string[]> {
  if (inputs.filter((input) => input === '-').length > 1) throw new UsageError('stdin (-) can be read only once');
  if (inputs.length > 0) return await inputFiles(inputs);
  if (!process.stdin.isTTY) return ['-'];
  throw new UsageError('no input', { hint: 'name a JSONL file, or pipe records to stdin' });
}

export interface StreamRun {
  /** Files, folders and patterns; none means stdin. */
  inputs: string[];
  flags: StreamFlags;
  stages: PipelineStage[];
  /** Takes the records at the end. Default: writes them to the output as JSONL. */
  sink?: Operator<DataRecord, DataRecord> | undefined;
  /** The model of its stages, for the tokens it used. */
  model?: RareflowModel | undefined;
  /** What an input is called in rejects, where its path would say nothing. */
  inputNames?: ReadonlyMap<string, string> | undefined;
  /** What records beyond one for each of the input are called. Default: from further questions. */
  extraWords?: string | undefined;
  /** Called at the end of a run that did not fail. */
  onDone?: (run: RunProgress) => void;
  /** Further lines for the end of the run. */
  notes?: () => string[];
}

/**
 * Runs records from files or stdin through stages to a file or stdout, shows the progress, and tells at the end where every
 * record went. Resolves to the exit code.
 */
export async function runStream(run: StreamRun): Promise<number> {
  const { inputs, flags, stages, model, inputNames, onDone, notes, extraWords } = run;
  const paths = await inputPaths(inputs);
  const { output, rejectsPath } = await outputsOf(paths, flags);
  const rejected = openRejects(rejectsPath);
  const display = progressDisplay({ redraw: output !== '-' || !process.stdout.isTTY });
  using interrupt = endOnInterrupt({ readsStdin: paths.includes('-') });
  let readShare: number | undefined;
  let kept: { path: string; records: number } | undefined;
  let last: RunProgress | undefined;

  const onBytes = (read: number, total: number | undefined) => {
    readShare = total === undefined || total === 0 ? undefined : read / total;
  };
  try {
    await runPipeline({
      source: ({ rejects, signal }) => {
        const { onBadLine, maxLineBytes } = flags;
        return interrupt.endsWith(readRecords(paths, { onBadLine, maxLineBytes, rejects, signal, onBytes }));
      },
      stages,
      sink:
        run.sink ??
        writeJsonl(output, {
          onPartial: (path, records) => {
            kept = { path, records };
          },
        }),
      rejects: (reject) => {
        const name = reject.path === undefined ? undefined : inputNames?.get(reject.path);
        return rejected.rejects(name === undefined ? reject : { ...reject, path: name });
      },
      limit: flags.limit,
      stop: interrupt.signal,
      progressIntervalMs: display.intervalMs,
      onProgress: (run) => {
        last = run;
        const share = flags.limit === undefined ? readShare : Math.max(run.in / flags.limit, readShare ?? 0);
        display.show(...describeRun({ run, usage: model?.usage(), readShare: share }));
      },
    });
  } catch (error) {
    display.end();
    if (error instanceof OutputError && error.closed) return ExitCode.done;
    if (last !== undefined && last.out + last.rejected > 0) {
      const out = kept?.records ?? (output === '-' ? last.out : 0); // what was handed on may not have reached the disk
      const account = { ...last, out, pending: last.pending + last.out - out };
      say(accountOf(account, { how: 'stopped', rejectsPath, model, notes, extraWords }));
    }
    if (kept !== undefined) say(`rareflow: ${formatCount(kept.records)} finished records are kept in ${kept.path}`);
    throw error;
  } finally {
    display.end();
    rejected.close();
    await model?.close();
  }
  if (last === undefined) return ExitCode.done;
  onDone?.(last);
  say(accountOf(last, { how: 'done', output, rejectsPath, model, notes, extraWords }));
  return rejectsExitCode(last.rejected, flags.maxRejects);
}

/** Too many rejects make a run that is done a failure of its own. */
export function rejectsExitCode(rejected: number, maxRejects = Number.POSITIVE_INFINITY): number {
  if (rejected <= maxRejects) return ExitCode.done;
  say(`rareflow: ${formatCount(rejected)} rejects are over --max-rejects ${formatCount(maxRejects)}`);
  return ExitCode.tooManyRejects;
}

/** Where a command writes its records and its rejects. Throws where it could not, or would write over what it reads. */
export async function outputsOf(inputs: string[], flags: Pick<StreamFlags, 'output' | 'rejects'>) {
  const { output = '-' } = flags;
  if (output === '' || flags.rejects === '') throw new UsageError('the name of an output is empty');
  const rejectsPath = flags.rejects ?? (output === '-' || isDevice(output) ? undefined : rejectsPathOf(output));
  refuseSameFile({ inputs, outputs: { '--output': output, '--rejects': rejectsPath } });
  if (output !== '-') await checkOutputFile(output);
  return { output, rejectsPath };
}

/** `out.jsonl` → `out.rejects.jsonl` */
function rejectsPathOf(output: string): string {
  return `${output.replace(/\.jsonl$/, '')}.rejects.jsonl`;
}

interface Account {
  how: 'done' | 'stopped';
  /** The output, where it is complete. */
  output?: string;
  rejectsPath: string | undefined;
  model: RareflowModel | undefined;
  notes: (() => string[]) | undefined;
  extraWords: string | undefined;
}

/** Where every record went, and what it cost. */
function accountOf(run: RunProgress, { how, output = '-', rejectsPath, model, notes, extraWords }: Account): string {
  const extra = run.extra === 0 ? '' : ` + ${formatCount(run.extra)} ${extraWords ?? 'from further questions'}`;
  const pending = run.pending === 0 ? '' : ` + ${formatCount(run.pending)} undone`;
  const to = output === '-' ? '' : ` (${output})`;
  const where = run.rejected === 0 || rejectsPath === undefined ? '' : ` (${rejectsPath})`;
  const lines = [
    `rareflow: ${how} in ${formatSeconds(run.seconds)}: ${formatCount(run.in)} in${extra} = ${formatCount(run.out)} out${to} + ${formatCount(run.rejected)} rejects${where}${pending}`,
  ];
  lines.push(...(notes?.() ?? []));
  if (model !== undefined) lines.push(...spendingLines(model.usage()));
  return lines.join('\n');
}
