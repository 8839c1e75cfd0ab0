import { ExitCode, ModelError, OutputError, UsageError } from '../../errors.js';
import type { Operator } from '../../flow/operator.js';
import type { Rejects } from '../../flow/rejects.js';
import { readRecords } from '../../io/read/readRecords.js';
import { jsonlFile } from '../../io/write/durableJsonl.js';
import { writeJsonl } from '../../io/write/writeJsonl.js';
import type { RareflowModel } from '../../llm/createModel.js';
import type { Checkpoint } from '../../pipeline/checkpoint.js';
import { OrdinalSet } from '../../pipeline/ordinalSet.js';
import type { RunProgress } from '../../pipeline/progress.js';
import { differences } from '../../pipeline/resumeRun.js';
import { type PipelineStage, runPipeline } from '../../pipeline/runPipeline.js';
import type { DataRecord } from '../../record.js';
import type { StreamFlags } from '../options/streamFlags.js';
import { type Metrics, openMetrics } from '../progress/metrics.js';
import { runDisplay } from '../progress/runDisplay.js';
import { errorLine, formatCount, say } from '../progress/terminal.js';
import type { EarlierUsage } from './account.js';
import { endOnInterrupt, InterruptedError } from './interrupt.js';
import { openRejects } from './rejects.js';
import { finishMending, type Retry, retryRejects } from './retryRejects.js';
import { RunBooks } from './runBooks.js';
import { canGoOn, commandLine, rejectsExitCode } from './runEnd.js';
import { canResume, openRunFolder, type RunFolder } from './runFolder.js';
import { type RunShape, settingsOf } from './runSettings.js';
import { inputPaths, outputsOf } from './streamFiles.js';

export interface StreamRun {
  /** Files, folders and patterns; none means stdin. */
  inputs: string[];
  flags: StreamFlags;
  stages: PipelineStage[];
  /** What the flags do not tell of the settings that shape its records. */
  shape: RunShape;
  /** Where it keeps how far it is, if that was opened before. */
  folder?: RunFolder | undefined;
  /** Its metrics, if they were opened before. */
  metrics?: Metrics | undefined;
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
  await using ownMetrics = run.metrics === undefined ? await openMetrics(flags) : undefined;
  await using ownFolder = resumes && run.folder === undefined ? openRunFolder(output) : undefined;
  const folder = resumes ? (run.folder ?? ownFolder) : undefined;
  const rejected = folder === undefined ? openRejects(rejectsPath) : undefined;
  const books = new RunBooks({ output, rejectsPath, folder, model, notes, extraWords });
  (run.metrics ?? ownMetrics)?.watch(() => books.view());
  const display = runDisplay({ json: flags.jsonProgress, redraw: output !== '-' || !process.stdout.isTTY });
  const lastWords = flags.batch === undefined ? undefined : 'leaving; batches go on at the provider';
  using interrupt = endOnInterrupt({ readsStdin: paths.includes('-'), lastWords });
  // What has not been sent yet is done by the next start; without one, it would be lost.
  if (folder !== undefined) interrupt.signal.addEventListener('abort', () => model?.drain(), { once: true });

  const names = paths.map((file) => inputNames?.get(file) ?? file);
  const settings = settingsOf(run.shape, names, flags);
  const shown = {
    stop: interrupt.signal,
    progressIntervalMs: display.intervalMs,
    onProgress: (now: RunProgress) => {
      books.run = now;
      display.show({ run: now, usage: model?.usage() });
    },
  };
  try {
    if (folder !== undefined) finishMending(folder, output, rejectsPath as string);
    if (folder !== undefined && flags.retryRejects) {
      const files = { folder, output, rejectsPath: rejectsPath as string };
      await mend({ ...files, stages, settings, pipeline: shown, figures: () => books.figures() }, books);
    } else {
      await runPipeline({
        source: ({ rejects, ...context }) => {
          const { onBadLine, maxLineBytes } = flags;
          const named = renaming(rejects, inputNames);
          return interrupt.endsWith(readRecords(paths, { ...context, rejects: named, onBadLine, maxLineBytes }));
        },
        stages,
        ...(folder === undefined
          ? { sink: run.sink ?? writeJsonl(output), rejects: rejected?.rejects }
          : {
              checkpoint: checkpointOf(folder, { output, rejectsPath: rejectsPath as string }, settings, flags, books),
            }),
        limit: flags.limit,
        ...shown,
      });
    }
  } catch (caught) {
    if (flags.retryRejects) books.takeCommitted();
    const error = folder !== undefined && wasDrained(caught, interrupt.signal) ? interrupt.signal.reason : caught;
    const reason = error instanceof Error ? error.message : String(error);
    display.end(books.view(), 'stopped', reason);
    if (error instanceof OutputError && error.closed) return ExitCode.done;
    books.tellStopped(reason);
    const isInterrupted = folder !== undefined && error instanceof InterruptedError;
    if (!isInterrupted && !(books.isKept && books.run !== undefined && canGoOn(error))) throw error;
    if (!(error instanceof InterruptedError)) say(errorLine(error));
    say(`rareflow: to go on: ${commandLine()}`);
    return ExitCode.stoppedResumable;
  } finally {
    rejected?.close();
    await model?.close();
  }
  display.end(books.view(), 'done');
  if (books.run === undefined) return ExitCode.done;
  onDone?.(books.run);
  books.tellDone();
  return rejectsExitCode(books.run.rejected, flags.maxRejects);
}

/** Whether a run ended because calls were turned away after an interrupt. */
function wasDrained(error: unknown, interrupted: AbortSignal): boolean {
  return interrupted.aborted && error instanceof ModelError && error.resumable;
}

function checkpointOf(
  { store }: RunFolder,
  { output, rejectsPath }: { output: string; rejectsPath: string },
  settings: Checkpoint['settings'],
  { unordered, resume }: StreamFlags,
  books: RunBooks,
): Checkpoint {
  return {
    store,
    settings,
    output: jsonlFile(output),
    rejects: jsonlFile(rejectsPath, { partial: false }),
    ordered: unordered !== true,
    resume,
    figures: () => books.figures(),
    onSetAside: (place) => say(`rareflow: what an earlier run left is kept in ${place}`),
    onResume: ({ finished, figures, startedAt }) => {
      books.usedBefore = figures as EarlierUsage | undefined;
      const done = formatCount(new OrdinalSet(finished).size);
      say(`rareflow: going on with the run of ${startedAt}: ${done} records of its input are done`);
    },
  };
}

/** Sends the rejects of a run that is done through its stages again. */
async function mend(retry: Retry, books: RunBooks): Promise<void> {
  const { settings: before, figures } = retry.folder.store.state ?? {};
  books.usedBefore = figures as EarlierUsage | undefined;
  const other = differences(before ?? retry.settings, retry.settings);
  if (other.length > 0) say(`rareflow: trying them with other settings: ${other.join(', ')}`);
  const { retried, mended } = await retryRejects(retry);
  const found = `${formatCount(mended)} records are in ${retry.output} now`;
  say(`rareflow: ${formatCount(retried)} rejects were tried again: ${found}`);
  books.takeCommitted();
}

/** Names the inputs in rejects as the user knows them. */
function renaming(rejects: Rejects, names: StreamRun['inputNames']): Rejects {
  return (reject) =>
    rejects(reject.path === undefined ? reject : { ...reject, path: names?.get(reject.path) ?? reject.path });
}
