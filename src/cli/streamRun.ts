import { ExitCode, ModelError, OutputError, UsageError } from '../errors.js';
import type { Operator } from '../flow/operator.js';
import type { Rejects } from '../flow/rejects.js';
import { inputFiles } from '../io/inputFiles.js';
import { jsonlFile } from '../io/jsonlFile.js';
import { checkOutputFile } from '../io/outputFile.js';
import { readRecords } from '../io/readRecords.js';
import { writeJsonl } from '../io/writeJsonl.js';
import type { RareflowModel } from '../llm/createModel.js';
import { differences } from '../pipeline/findRun.js';
import { OrdinalSet } from '../pipeline/ordinalSet.js';
import { type PipelineStage, runPipeline } from '../pipeline/runPipeline.js';
import type { RunState } from '../pipeline/runStore.js';
import { progressOf, type RunProgress } from '../pipeline/tally.js';
import type { DataRecord } from '../record.js';
import { type Account, accountOf, type EarlierUsage, withEarlier } from './account.js';
import { isDevice, refuseSameFile } from './files.js';
import { endOnInterrupt, InterruptedError } from './interrupt.js';
import { describeRun, progressDisplay } from './progress.js';
import { openRejects } from './rejects.js';
import { finishMending, retryRejects } from './retryRejects.js';
import { canResume, openRunFolder, type RunFolder, wasBegun } from './runFolder.js';
import { type RunShape, settingsOf } from './runSettings.js';
import { type RunSummary, writeSummary } from './summary.js';
import { errorLine, formatCount, say } from './terminal.js';

export interface StreamFlags {
  onBadLine: 'reject' | 'stop';
  maxLineBytes?: number;
  limit?: number;
  output?: string;
  rejects?: string;
  maxRejects?: number;
  resume?: 'auto' | 'always' | 'never';
  retryRejects?: boolean;
  unordered?: boolean;
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
  const {
    onBadLine,
    maxLineBytes,
    limit,
    output,
    rejects,
    maxRejects,
    resume,
    retryRejects,
    ordered,
    unordered,
    ...options
  } = flags;
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
  /** What the flags do not tell of the settings that shape its records. */
  shape: RunShape;
  /** Where it keeps how far it is, if that was opened before. */
  folder?: RunFolder | undefined;
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
 * record went. A run that writes to a file goes on where an earlier one with the same settings was stopped. Resolves to the
 * exit code.
 */
export async function runStream(run: StreamRun): Promise<number> {
  const { inputs, flags, stages, model, inputNames, onDone, notes, extraWords } = run;
  const paths = await inputPaths(inputs);
  const { output, rejectsPath } = await outputsOf(paths, flags);
  const resumes = run.sink === undefined && canResume(output);
  if (!resumes && (flags.resume === 'always' || flags.retryRejects)) {
    throw new UsageError('--resume and --retry-rejects go with -o FILE');
  }
  await using opened = resumes && run.folder === undefined ? openRunFolder(output) : undefined;
  const folder = resumes ? (run.folder ?? opened) : undefined;
  const names = paths.map((file) => inputNames?.get(file) ?? file);
  const rejected = folder === undefined ? openRejects(rejectsPath) : undefined;
  const display = progressDisplay({ redraw: output !== '-' || !process.stdout.isTTY });
  using interrupt = endOnInterrupt({ readsStdin: paths.includes('-') });
  let readShare: number | undefined;
  let last: RunProgress | undefined;
  let usedBefore: EarlierUsage | undefined;

  const usage = () => model && withEarlier(model.usage(), usedBefore);
  const figures = () => {
    const { total, byStage } = usage() ?? {};
    return total && { total, byStage };
  };
  const onBytes = (read: number, total: number | undefined) => {
    readShare = total === undefined || total === 0 ? undefined : read / total;
  };
  const ends = (how: Account['how']): Account => ({ how, output, rejectsPath, usage: usage(), notes, extraWords });
  const summarize = (state: RunSummary['state'], reason?: string) => {
    const told = { state, reason, output, rejects: rejectsPath, usage: figures() as EarlierUsage | undefined };
    const unwritten = folder && last && writeSummary(folder, last, told);
    if (unwritten !== undefined) say(errorLine(unwritten));
  };
  const pipeline = {
    stop: interrupt.signal,
    progressIntervalMs: display.intervalMs,
    onProgress: (run: RunProgress) => {
      last = run;
      const share = flags.limit === undefined ? readShare : Math.max(run.in / flags.limit, readShare ?? 0);
      display.show(...describeRun({ run, usage: model?.usage(), readShare: share }));
    },
  };
  const settings = settingsOf(run.shape, names, flags);
  try {
    if (folder !== undefined) finishMending(folder, output, rejectsPath as string);
    if (folder !== undefined && flags.retryRejects) {
      usedBefore = folder.store.state?.figures as EarlierUsage | undefined;
      const files = { folder, output, rejectsPath: rejectsPath as string };
      const other = differences(folder.store.state?.settings ?? settings, settings);
      if (other.length > 0) say(`rareflow: trying them with other settings: ${other.join(', ')}`);
      const { retried, mended } = await retryRejects({ ...files, stages, settings, pipeline, figures });
      say(
        `rareflow: ${formatCount(retried)} rejects were tried again: ${formatCount(mended)} records are in ${output} now`,
      );
      last = progressOf(folder.store.state as RunState);
    } else {
      await runPipeline({
        source: ({ rejects, ...context }) => {
          const { onBadLine, maxLineBytes } = flags;
          const named: Rejects = (reject) =>
            rejects(
              reject.path === undefined ? reject : { ...reject, path: inputNames?.get(reject.path) ?? reject.path },
            );
          return interrupt.endsWith(
            readRecords(paths, { ...context, rejects: named, onBadLine, maxLineBytes, onBytes }),
          );
        },
        stages,
        ...(folder === undefined
          ? { sink: run.sink ?? writeJsonl(output), rejects: rejected?.rejects }
          : {
              checkpoint: {
                store: folder.store,
                settings,
                output: jsonlFile(output),
                rejects: jsonlFile(rejectsPath as string, { partial: false }),
                ordered: flags.unordered !== true,
                resume: flags.resume,
                figures,
                onSetAside: (place) => say(`rareflow: what an earlier run left is kept in ${place}`),
                onResume: ({ finished, figures: earlier, startedAt }) => {
                  usedBefore = earlier as EarlierUsage | undefined;
                  const done = formatCount(new OrdinalSet(finished).size);
                  say(`rareflow: going on with the run of ${startedAt}: ${done} records of its input are done`);
                },
              },
            }),
        limit: flags.limit,
        ...pipeline,
      });
    }
  } catch (error) {
    display.end();
    if (error instanceof OutputError && error.closed) return ExitCode.done;
    if (flags.retryRejects && folder?.store.state !== undefined) last = progressOf(folder.store.state);
    const reached = last !== undefined && last.out + last.rejected > 0;
    const isKept = folder?.store.state !== undefined;
    if (last !== undefined && (reached || isKept)) say(accountOf(last, { ...ends('stopped'), output: '-' }));
    if (isKept) summarize('stopped', error instanceof Error ? error.message : String(error));
    const isInterrupted = folder !== undefined && error instanceof InterruptedError;
    if (!isInterrupted && !(isKept && last !== undefined && canGoOn(error))) throw error;
    if (!(error instanceof InterruptedError)) say(errorLine(error));
    say(`rareflow: to go on: ${commandLine()}`);
    return ExitCode.stoppedResumable;
  } finally {
    display.end();
    rejected?.close();
    await model?.close();
  }
  if (last === undefined) return ExitCode.done;
  onDone?.(last);
  summarize('done');
  say(accountOf(last, ends('done')));
  return rejectsExitCode(last.rejected, flags.maxRejects);
}

/** Whether the same command can do better once its surroundings are mended. */
function canGoOn(error: unknown): boolean {
  return !(error instanceof UsageError) && !(error instanceof ModelError && !error.resumable);
}

/** The command as it was called, for a shell. `--resume never` would not go on. */
function commandLine(): string {
  const words = process.argv.slice(2).filter((word, place, all) => {
    return word !== '--resume=never' && !(word === 'never' && all[place - 1] === '--resume') && word !== '--resume';
  });
  const quoted = words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return `rareflow ${quoted.join(' ')}`;
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
  if (output !== '-') await checkOutputFile(output, { mayBePartial: wasBegun(output) });
  return { output, rejectsPath };
}

/** `out.jsonl` → `out.rejects.jsonl` */
function rejectsPathOf(output: string): string {
  return `${output.replace(/\.jsonl$/, '')}.rejects.jsonl`;
}
