import path from 'node:path';
import { ExitCode, ModelError, OutputError, UsageError } from '../../errors.js';
import type { Operator } from '../../flow/operator.js';
import type { Rejects } from '../../flow/rejects.js';
import { readRecords } from '../../io/read/readRecords.js';
import { writeJsonl } from '../../io/write/writeJsonl.js';
import type { RareflowModel } from '../../llm/createModel.js';
import type { RunProgress } from '../../pipeline/progress.js';
import { type PipelineOptions, type PipelineStage, runPipeline } from '../../pipeline/runPipeline.js';
import type { RunSettings, RunState } from '../../pipeline/state/runState.js';
import type { DataRecord } from '../../record.js';
import type { ShardNumber } from '../../shards/shardName.js';
import type { StreamFlags } from '../options/stream.js';
import { type Metrics, openMetrics } from '../progress/metrics.js';
import { openRunDisplay } from '../progress/runDisplay.js';
import { errorLine, formatCount, say, sayNotice } from '../progress/terminal.js';
import { isDevice } from '../runFolderPath.js';
import { endOnInterrupt, InterruptedError } from './interrupt.js';
import { openRejects } from './openRejects.js';
import { commandLine, isResumable, rejectsExitCode, withoutSample } from './runEnd.js';
import { canResume, openRunFolder, type RunFolder } from './runFolder.js';
import { RunReporter } from './runReporter.js';
import { currentInputs, currentSettings, type RunShape, settingsOf } from './runSettings.js';
import type { EarlierUsage } from './runTotals.js';
import { inputPaths, outputsOf, stepFilesOf } from './streamFiles.js';

export interface StreamRun {
  /** Files, folders and patterns; none means stdin. */
  inputs: string[];
  flags: StreamFlags;
  stages: PipelineStage[];
  /** The command and its options, which decide the settings that are kept with the run. */
  shape: RunShape;
  /** The keys that its stages read: a record with another name for one is remarked on. */
  keys?: readonly string[] | undefined;
  /** The folder of its state, if it is open already. */
  folder?: RunFolder | undefined;
  /** Its metrics, if they are open already. */
  metrics?: Metrics | undefined;
  /** Writes the records. Default: to the output as JSONL. */
  sink?: Operator<DataRecord, DataRecord> | undefined;
  /** The model of its stages, for its usage. */
  model?: RareflowModel | undefined;
  /** The names of inputs in rejects, by path: `stdin` for its copy. */
  inputNames?: ReadonlyMap<string, string> | undefined;
  /** The label of records beyond one for each of the input. Default: `from further questions`. */
  extraLabel?: string | undefined;
  /** Called at the end of a run that did not fail. */
  onDone?: (run: RunProgress) => void;
  /** Returns further lines for the end of the run. */
  notes?: () => string[];
}

/**
 * Runs records from files or stdin through stages to a file or stdout, shows the progress, and prints the totals at the end.
 * A run that writes to a file resumes an earlier one with the same settings. Resolves to the exit code.
 */
export async function runStream(run: StreamRun): Promise<number> {
  const { inputs, flags, stages, model, onDone, notes, extraLabel } = run;
  await using _connections = { [Symbol.asyncDispose]: async () => model?.close() };
  const given = await inputPaths(inputs);
  const { output, rejectsPath } = await outputsOf(given, flags);
  const shard = flags.shard === 'auto' ? undefined : flags.shard;
  const isDurable = run.sink === undefined && canResume(output);
  if (!isDurable && (flags.resume === 'always' || flags.retryRejects)) {
    throw new UsageError('--resume and --retry-rejects need -o FILE');
  }
  refuseUnsampled(given, flags);
  await using ownMetrics = run.metrics === undefined ? await openMetrics(flags) : undefined;
  const join = () => model?.join() ?? Promise.resolve();
  if (!isDurable) await join();
  const opensFolder = isDurable && run.folder === undefined;
  await using ownFolder = opensFolder ? await openRunFolder(output, { ...flags, join }) : undefined;
  const folder = isDurable ? (run.folder ?? ownFolder) : undefined;
  using part = shard && (await shardPart(given, shard, run));
  const { paths, names: inputNames } = part ?? { paths: given, names: run.inputNames };
  if (shard && stages.some(({ recalls }) => recalls)) {
    say(
      'rareflow: duplicates are found within each shard only; filter the whole corpus before it is split to find them all',
    );
  }
  const shape = part === undefined ? run.shape : withFacts(run.shape, { shard: part.settings });
  const steps = stepFilesOf(flags, { stages, inputs: paths });
  const rejected = folder === undefined ? openRejects(rejectsPath) : undefined;
  const reporter = new RunReporter({
    ...{ output, rejectsPath, folder, model, extraLabel },
    notes: () => [...(notes?.() ?? []), ...steps.map((file) => `  ${file}`)],
  });
  (run.metrics ?? ownMetrics)?.watch(() => reporter.view());
  const display = await openRunDisplay({ json: flags.jsonProgress, redraw: output !== '-' || !process.stdout.isTTY });
  const message = flags.batch === undefined ? undefined : 'stopping; batches continue at the provider';
  using interrupt = endOnInterrupt({ readsStdin: paths.includes('-'), message });
  // The next start sends what has not been sent yet; without a next start, it would be lost.
  if (folder !== undefined) interrupt.signal.addEventListener('abort', () => model?.drain(), { once: true });

  const names = paths.map((file) => inputNames?.get(file) ?? file);
  const common = {
    stages,
    stop: interrupt.signal,
    progressIntervalMs: display.intervalMs,
    onProgress: (now: RunProgress) => {
      reporter.run = now;
      display.show({ run: now, usage: model?.usage() });
    },
  };
  const { inputFormat, onBadLine, maxLineBytes, limit, sample, seed: sampleSeed, maxRejectShare } = flags;
  const reading = { limit, sample, sampleSeed, maxRejectShare };
  // A sample reads the input twice.
  const notices = new Set<string>();
  const onNotice = (text: string) => {
    if (!notices.has(text)) sayNotice(text);
    notices.add(text);
  };
  const source: PipelineOptions['source'] = ({ rejects, ...context }) => {
    const named = renaming(rejects, inputNames);
    const form = { inputFormat, onBadLine, maxLineBytes, onNotice, expectedKeys: run.keys };
    const options = { ...context, rejects: named, ...form };
    return interrupt.endsWith(part ? part.read(options) : readRecords(paths, options));
  };
  try {
    if (folder === undefined) {
      await runPipeline({
        ...{ ...common, ...reading, source },
        ...{ sink: run.sink ?? writeJsonl(output), rejects: rejected?.rejects },
      });
    } else {
      const files = { output, rejects: rejectsPath as string };
      const settings = settingsOf(shape, paths, flags);
      const inputs = paths.map((file, index) => ({ file, name: names[index] as string }));
      const readSettings = (stored: RunSettings, { phase }: Pick<RunState, 'phase'>) => {
        const { input, ...others } = currentSettings(shape, stored);
        // An input that grows is split in another way.
        return { ...others, input: currentInputs(input, { phase: shard ? 'done' : phase, inputs }) };
      };
      if (shard) {
        const { joinShards } = await import('../../shards/shardFolder.js');
        joinShards(path.dirname(output), shard, {
          settings,
          readSettings: (stored) => readSettings(stored, { phase: 'done' }),
        });
      }
      await runDurably(
        { ...common, ...reading, source },
        { folder, files, steps, settings, readSettings, flags, reporter, mayBeEmpty: shard !== undefined },
      );
    }
  } catch (caught) {
    if (flags.retryRejects) reporter.readCommitted();
    const error = folder !== undefined && wasDrained(caught, interrupt.signal) ? interrupt.signal.reason : caught;
    const reason = error instanceof Error ? error.message : String(error);
    display.end(reporter.view(), 'stopped', reason);
    if (error instanceof OutputError && error.closed) return ExitCode.done;
    await reporter.reportStopped(reason);
    const isInterrupted = folder !== undefined && error instanceof InterruptedError;
    if (!isInterrupted && !(reporter.isKept && reporter.run !== undefined && isResumable(error))) throw error;
    if (!(error instanceof InterruptedError)) say(errorLine(error));
    say(`rareflow: to resume: ${commandLine()}`);
    return ExitCode.stoppedResumable;
  } finally {
    rejected?.close();
    await model?.close();
  }
  display.end(reporter.view(), 'done');
  if (reporter.run === undefined) return ExitCode.done;
  onDone?.(reporter.run);
  await reporter.reportDone();
  if (sample !== undefined && folder !== undefined && reporter.isSample) {
    say(`rareflow: this was a sample; to go on from it: ${commandLine(withoutSample(process.argv.slice(2)))}`);
  }
  return rejectsExitCode(reporter.run, flags.maxRejects);
}

interface DurableRun {
  folder: RunFolder;
  files: { output: string; rejects: string };
  /** The files of what each stage made; none if they are not written. */
  steps: string[];
  settings: RunSettings;
  readSettings: (stored: RunSettings, state: Pick<RunState, 'phase'>) => RunSettings;
  flags: StreamFlags;
  reporter: RunReporter;
  /** True for a shard: all shards together must have a record. */
  mayBeEmpty: boolean;
}

/** Runs with a checkpoint, or retries the rejects of the finished run. */
async function runDurably(pipeline: PipelineOptions, durable: DurableRun): Promise<void> {
  const { folder, files, steps, settings, readSettings, flags, reporter, mayBeEmpty } = durable;
  const { store } = folder;
  const { finishRetry, retryRejects } = await import('../../chain/retryRejects.js');
  const { durableJsonl } = await import('../../io/write/durableJsonl.js');
  const { durableRecords } = await import('../../io/write/durableRecords.js');
  const { OrdinalSet } = await import('../../pipeline/state/ordinalSet.js');
  const { differences } = await import('../../pipeline/resumeRun.js');
  finishRetry({ ...files, folder: folder.path, store });
  const figures = () => reporter.figures();
  if (flags.retryRejects) {
    const { state } = store;
    const { figures: usedBefore } = state ?? {};
    reporter.usedBefore = usedBefore as EarlierUsage | undefined;
    const changed = state === undefined ? [] : differences(readSettings(state.settings, state), settings);
    if (changed.length > 0) say(`rareflow: retrying them with other settings: ${changed.join(', ')}`);
    const { stages, stop, onProgress, progressIntervalMs } = pipeline;
    const { retried, out } = await retryRejects({
      ...{ ...files, folder: folder.path, store, stages, settings, readSettings, figures },
      ...{ stop, onProgress, progressIntervalMs },
    });
    say(`rareflow: retried ${formatCount(retried)} rejects: ${formatCount(out)} new records in ${files.output}`);
    reporter.readCommitted();
    return;
  }
  await runPipeline({
    ...pipeline,
    checkpoint: {
      ...{ store, settings, readSettings, figures, mayBeEmpty },
      output: durableRecords(files.output),
      rejects: durableJsonl(files.rejects, { partial: false }),
      steps: steps.length === 0 ? undefined : steps.map((file) => durableJsonl(file, { partial: false })),
      ordered: flags.ordered,
      resume: flags.resume,
      onSetAside: (path) => say(`rareflow: the file of an earlier run was renamed to ${path}`),
      onResume: ({ phase, finished, figures: usedBefore, startedAt }) => {
        reporter.usedBefore = usedBefore as EarlierUsage | undefined;
        if (phase === 'done') {
          say(`rareflow: nothing to do: ${files.output} was finished by the run started ${startedAt}`);
          return;
        }
        const done = formatCount(new OrdinalSet(finished).size);
        say(`rareflow: resuming the run started ${startedAt}: ${done} records already done`);
      },
    },
  });
}

/** Throws UsageError if a sample cannot be drawn from an input, since it cannot be read twice. */
function refuseUnsampled(paths: string[], { sample }: StreamFlags): void {
  const streamed = sample === undefined ? undefined : paths.find((file) => file === '-' || isDevice(file));
  if (streamed === undefined) return;
  const name = streamed === '-' ? 'stdin' : streamed;
  throw new UsageError(`--sample reads the input twice, and ${name} is not a file`, {
    hint: 'write it to a file first; --limit N takes the first N records instead',
  });
}

/** Returns true if a run ended because its calls were refused after an interrupt. */
function wasDrained(error: unknown, interrupted: AbortSignal): boolean {
  return interrupted.aborted && error instanceof ModelError && error.resumable;
}

const withFacts = (shape: RunShape, facts: object): RunShape => ({ ...shape, facts: { ...shape.facts, ...facts } });

async function shardPart(given: string[], shard: ShardNumber, run: StreamRun) {
  const [{ openShardInput }, { workFolder }] = await Promise.all([
    import('./shards/shardInput.js'),
    import('./workFolder.js'),
  ]);
  return openShardInput(given, shard, { ...run, copies: workFolder(run.flags.output as string) });
}

/** Replaces the paths of inputs in rejects by the names that the user knows. */
function renaming(rejects: Rejects, names: StreamRun['inputNames']): Rejects {
  return (reject) =>
    rejects(reject.path === undefined ? reject : { ...reject, path: names?.get(reject.path) ?? reject.path });
}
