import { estimateStage, type Range, type StageEstimate, sumOf } from '../../chain/estimateStage.js';
import type { PlannedStage } from '../../chain/plannedStages.js';
import { sampleRecords } from '../../chain/sampleRecords.js';
import { ExitCode, InputError, UsageError } from '../../errors.js';
import { dollars } from '../../llm/cost/dollars.js';
import { costOf, type ModelPrice, priceOf } from '../../llm/cost/prices.js';
import type { DataRecord } from '../../record.js';
import { pricesOf } from '../options/pricesFile.js';
import type { StreamFlags } from '../options/streamFlags.js';
import { formatCount, say } from '../progress/terminal.js';
import { basesOf, type PricedEstimate, tableOf } from './dryRunReport.js';
import { abortOnInterrupt } from './interrupt.js';
import { inputPaths } from './streamFiles.js';

export interface DryRunFlags extends Pick<StreamFlags, 'onBadLine' | 'maxLineBytes' | 'limit'> {
  dryRun?: boolean;
  json?: boolean;
  assumeCompletionTokens?: number[];
  assumeFrom?: string;
  model?: string;
  maxTokens?: number;
  prices?: string;
  seed?: number;
}

/** Records that are read, and which of them count. */
export interface PlannedInput {
  paths: string[];
  isUsable: (record: DataRecord) => boolean;
}

export interface DryRun {
  input: PlannedInput;
  /** Where negatives are taken from, if not from the input. */
  corpus?: PlannedInput | undefined;
  /** Negatives of a record; absent where records bring theirs along. */
  numNeg?: number | undefined;
  stages: PlannedStage[];
  flags: DryRunFlags;
}

/** Throws UsageError for options of a dry run without one. */
export function isDryRun({ dryRun = false, json, assumeCompletionTokens, assumeFrom }: DryRunFlags): boolean {
  if (dryRun || (json ?? assumeCompletionTokens ?? assumeFrom) === undefined) return dryRun;
  throw new UsageError('--json, --assume-completion-tokens and --assume-from need --dry-run');
}

/**
 * Tells what a command would ask for, and what that would cost, without asking or writing anything: for people on stderr,
 * or as JSON on stdout. Resolves to the exit code.
 */
export async function dryRun({ input, corpus, numNeg, stages, flags }: DryRun): Promise<number> {
  const { model = '', assumeFrom, maxTokens, limit } = flags;
  const prices = pricesOf(flags.prices);
  if (prices !== undefined && model === '') {
    throw new UsageError('prices go by the model', { hint: 'add --model NAME' });
  }
  const price = prices && priceOf(prices, model);
  const planned = withAssumptions(stages, flags.assumeCompletionTokens);
  using interrupt = abortOnInterrupt();
  const read = ({ paths, isUsable }: PlannedInput, upTo?: number) =>
    sampleRecords(paths, { ...flags, isUsable, limit: upTo, signal: interrupt.signal });

  const sample = await read({ ...input, paths: await inputPaths(input.paths) }, limit);
  if (sample.usable === 0) {
    throw new InputError('no record of the input could be used', { hint: 'name the keys of its texts' });
  }
  const negatives = corpus === undefined ? sample : await read(corpus);
  const earlier = assumeFrom === undefined ? [] : (await read({ paths: [assumeFrom], isUsable: () => true })).records;
  const estimates = planned.map((stage) =>
    estimateStage({
      ...{ stage, earlier, maxTokens },
      ...{ sample: sample.records, records: sample.usable, corpus: negatives.records },
    }),
  );
  const priced = [...estimates, totalOf(estimates)].map((row): PricedEstimate => {
    return { ...row, costUsd: price && costRange(price, row) };
  });
  const { usable, unusable, badLines } = sample;
  const counts = { records: usable, unusable: unusable + badLines, sampled: sample.records.length };
  const bases = basesOf({ ...counts, planned, estimates, numNeg, assumeFrom, model, pricesAsOf: prices?.asOf });

  if (flags.json) {
    const report = { ...counts, stages: priced.slice(0, -1), total: priced.at(-1), bases };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return ExitCode.done;
  }
  const others = counts.unusable === 0 ? '' : `, and ${formatCount(counts.unusable)} that would be rejected`;
  say('rareflow: dry run: nothing was asked and nothing written');
  say(`  ${formatCount(usable)} records counted${others}\n`);
  for (const line of [...tableOf(priced, prices !== undefined), '', ...bases]) say(line === '' ? '' : `  ${line}`);
  return ExitCode.done;
}

/** The stages with the lengths of answers that the user assumes: one for all of them, or one for each. */
function withAssumptions(stages: PlannedStage[], answerTokens: number[] | undefined): PlannedStage[] {
  if (answerTokens === undefined) return stages;
  if (answerTokens.length !== 1 && answerTokens.length !== stages.length) {
    const names = stages.map(({ name }) => name).join(', ');
    throw new UsageError(`--assume-completion-tokens has ${answerTokens.length} numbers for the stages ${names}`);
  }
  return stages.map((stage, place) => ({ ...stage, answerTokens: answerTokens[place] ?? (answerTokens[0] as number) }));
}

function costRange(price: ModelPrice, { promptTokens, completionTokens }: StageEstimate): PricedEstimate['costUsd'] {
  const cost = (bound: keyof Range) =>
    dollars(costOf(price, { promptTokens: promptTokens[bound], completionTokens: completionTokens[bound] }));
  return { likely: cost('likely'), least: cost('least'), most: cost('most') };
}

function totalOf(estimates: StageEstimate[]): StageEstimate {
  return {
    stage: 'total',
    calls: estimates.reduce((sum, { calls }) => sum + calls, 0),
    promptTokens: sumOf(estimates.map(({ promptTokens }) => promptTokens)),
    completionTokens: sumOf(estimates.map(({ completionTokens }) => completionTokens)),
    measuredOn: Math.min(...estimates.map(({ measuredOn }) => measuredOn)),
  };
}
