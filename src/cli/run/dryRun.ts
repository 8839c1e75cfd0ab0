import { existsSync } from 'node:fs';
import { type PlanOptions, planRun, type RunPlan } from '../../chain/planRun.js';
import { ExitCode } from '../../errors.js';
import { filesBeside } from '../../io/write/filesBeside.js';
import { formName, isPlainJsonl, recordFormOf } from '../../io/write/recordForm.js';
import type { RunSummary } from '../../report/runSummary.js';
import { pick, type Resolved, valuesOf } from '../../util/options.js';
import { askingFlags } from '../options/model.js';
import { pricesOf } from '../options/pricesFile.js';
import { ownFlagsOf } from '../options/server/stageModels.js';
import { inputOptions } from '../options/stream.js';
import { planTable } from '../progress/planTable.js';
import { formatCount, formatSeconds, printJson, say, sayNotice } from '../progress/terminal.js';
import { runFolderPath } from '../runFolderPath.js';
import { inputIdentity } from './inputIdentity.js';
import { abortOnInterrupt } from './interrupt.js';
import { readJson } from './readJson.js';
import { inputPaths } from './streamFiles.js';

export type DryRunFlags = Partial<Resolved<typeof inputOptions & typeof askingFlags>> & {
  seed?: number;
  output?: string | undefined;
  concurrency?: number;
};

/** Flags that `planRun` takes as they are. */
const sameInPlan = {
  ...pick(inputOptions, 'inputFormat', 'onBadLine', 'maxLineBytes', 'limit'),
  ...pick(askingFlags, 'sample', 'model', 'maxTokens', 'assumeCompletionTokens'),
};

/**
 * Prints what a command would ask for, and what that would cost, without asking or writing anything: for people on stderr,
 * or as JSON on stdout. Resolves to the exit code.
 */
export async function dryRun(
  inputs: string[],
  plan: Omit<PlanOptions, 'inputFormat' | 'onBadLine' | 'maxLineBytes' | 'stageModels'>,
  flags: DryRunFlags,
): Promise<number> {
  const { output } = flags;
  const form = output === undefined ? undefined : recordFormOf(output);
  const prices = pricesOf(flags.prices);
  using interrupt = abortOnInterrupt();
  const files = await inputPaths(inputs);
  const earlier = earlierRun(files, flags);
  const planned = await planRun(files, {
    ...plan,
    ...valuesOf(sameInPlan, flags),
    ...{ prices, signal: interrupt.signal, seed: flags.seed, onNotice: sayNotice },
    stageModels: Object.fromEntries(ownFlagsOf(flags)),
    ...{ done: earlier?.done, pace: earlier?.pace, assumeFrom: flags.assumeFrom ?? earlier?.output },
    hasCache: flags.cache !== false,
  });
  if (flags.json) {
    printJson({ ...planned, output, outputForm: form && formName(form) });
    return ExitCode.done;
  }
  const { records, unusable, bases } = planned;
  const others = unusable === 0 ? '' : `, and ${formatCount(unusable)} that would be rejected`;
  say('rareflow: dry run: no model was asked and nothing was written');
  const doneLine = planned.done === 0 ? '' : `; ${formatCount(planned.done)} are done and cost nothing`;
  say(`  ${formatCount(records)} records counted${others}${doneLine}`);
  for (const [stage, count] of Object.entries(planned.existing)) {
    say(`  ${stage}: ${formatCount(count)} records have its result already (--keep-existing)`);
  }
  if (form !== undefined && !isPlainJsonl(form)) say(`  ${output} would be ${formName(form)}`);
  say('');
  const lines = [
    ...planTable(planned, prices !== undefined),
    '',
    timeLine(planned, earlier),
    diskLine(planned),
    ...bases,
  ];
  for (const line of lines) say(line === '' ? '' : `  ${line}`);
  return ExitCode.done;
}

/** The results of an earlier run of a command, beside its output. */
interface EarlierRun {
  /** The output, if it is complete. */
  output: string | undefined;
  /** The records of the same input that it has finished. */
  done: number;
  pace: PlanOptions['pace'];
}

/** Returns what the run at the output has left, or the one that made the file of --assume-from. */
function earlierRun(files: string[], flags: DryRunFlags): EarlierRun | undefined {
  const { output, assumeFrom, concurrency = 16, requestsPerMinute, tokensPerMinute } = flags;
  const own = runFolderPath(output) === undefined ? undefined : output;
  const at = assumeFrom ?? own;
  const summary = at === undefined ? undefined : (readJson(filesBeside(at).summary) as RunSummary | undefined);
  if (at === undefined || summary === undefined) return undefined;
  const isSameInput = JSON.stringify(summary.settings?.input) === JSON.stringify(files.map(inputIdentity));
  const secondsPerCall = Object.fromEntries(
    Object.entries(summary.usage?.byStage ?? {})
      .filter(([, { attempts }]) => attempts > 0)
      .map(([stage, { attempts, attemptSeconds }]) => [stage, attemptSeconds / attempts]),
  );
  return {
    output: existsSync(at) ? at : undefined,
    done: at === own && isSameInput ? summary.in - summary.pending : 0,
    pace: { secondsPerCall, concurrency, requestsPerMinute, tokensPerMinute },
  };
}

function timeLine({ seconds }: RunPlan, earlier: EarlierRun | undefined): string {
  if (seconds === undefined || earlier?.pace === undefined)
    return 'time: unknown until a pilot (--sample 100 -o OUTPUT)';
  const calls = formatCount(earlier.pace.concurrency);
  return `time: about ${formatSeconds(seconds)} with ${calls} calls at once, as fast as in the earlier run`;
}

function diskLine({ disk }: RunPlan): string {
  const parts = Object.entries(disk).filter(([, bytes]) => bytes > 0);
  return `disk: about ${parts.map(([name, bytes]) => `${name} ${formatMegabytes(bytes)}`).join(', ')}`;
}

function formatMegabytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e7 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
