import { InputError, UsageError } from '../errors.js';
import type { ReadOptions } from '../io/read/options.js';
import { addDollars, dollars } from '../llm/cost/dollars.js';
import { costOf, type ModelPrice, type Prices, priceOf } from '../llm/cost/prices.js';
import { isMade } from '../operators/admission.js';
import { type DataRecord, defaultKeys } from '../record.js';
import type { AnalyzerOption } from '../search/analysis/analyzer.js';
import { estimateIndexBytes } from '../search/indexing/estimateIndexBytes.js';
import { valueAt } from '../util/keyPath.js';
import { type DiskEstimate, estimateDisk } from './diskSpace.js';
import {
  addEstimates,
  type Estimate,
  estimateSeconds,
  estimateStage,
  type Pace,
  type StageEstimate,
} from './estimateStage.js';
import { planBases } from './planBases.js';
import type { PlannedStage } from './plannedStages.js';
import { sampleRecords } from './sampleRecords.js';

export interface PlanOptions
  extends Pick<ReadOptions, 'inputFormat' | 'onBadLine' | 'maxLineBytes' | 'onNotice' | 'signal'> {
  /** The stages that ask a model: those of `rarePlan`, `plannedDoc2Query` or `plannedReasonDistill`. */
  stages: PlannedStage[];
  /** Returns false for a record that the run would reject. Default: none is rejected. */
  isUsable?: ((record: DataRecord) => boolean) | undefined;
  /** The files from which negatives are taken, and which of their records are documents. Default: the input. */
  corpus?: string | readonly string[] | undefined;
  isDocument?: ((record: DataRecord) => boolean) | undefined;
  /** Negatives of each record. Default: the records have them already. */
  numNeg?: number | undefined;
  /** The model, for its prices. */
  model?: string | undefined;
  prices?: Prices | undefined;
  /** The models and caps of stages that have their own, by the names of the stages. */
  stageModels?: Record<string, { model?: string | undefined; maxTokens?: number | undefined }> | undefined;
  /** The most tokens of an answer. Default: no limit. */
  maxTokens?: number | undefined;
  /** Plan for at most this many records. Default: all. */
  limit?: number | undefined;
  /** Plan for a run that takes only this many of the records. Default: all. */
  sample?: number | undefined;
  /** The number of records of the input that an earlier session has finished: they cost nothing. Default 0. */
  done?: number | undefined;
  /** The keys by which a stage passes a record on that has them already (`keepExisting`), by the names of the stages. */
  existing?: { readonly [stage in PlannedStage['name']]?: readonly string[] } | undefined;
  /** The questions of a document that has none yet. Default 1. */
  queriesPerDoc?: number | undefined;
  /** The pace of an earlier run, for the time. Default: the time is not known. */
  pace?: Pace | undefined;
  /** The index that is built from the corpus: the key of its texts and its options. Default: none is built. */
  index?: { textKey: string; analyzer?: AnalyzerOption | undefined; store?: boolean | undefined } | undefined;
  /** False if answers are not kept. Default true. */
  hasCache?: boolean | undefined;
  /** Seeds the sample. Default 0. */
  seed?: number | undefined;
  /** Assume answers of this length, in tokens: one number, or one for each stage. */
  assumeCompletionTokens?: readonly number[] | undefined;
  /** Assume answers as long as in this output of an earlier run. */
  assumeFrom?: string | undefined;
}

/** The estimate of a stage with its cost. */
export interface PricedEstimate extends StageEstimate {
  /** Exact decimals of the cost of the estimated tokens; undefined if the model has no price. */
  costUsd?: { [bound in keyof Estimate]: string } | undefined;
}

export interface RunPlan {
  /** Records that would be processed, and those that would be rejected, bad lines included. */
  records: number;
  unusable: number;
  /** The size of the sample on which the estimates are based. */
  sampled: number;
  stages: PricedEstimate[];
  total: PricedEstimate;
  /** The records that are done already, which cost nothing. */
  done: number;
  /** By stage, the records that pass it as they are, since they have its result. */
  existing: Record<string, number>;
  /** The expected duration; undefined without the pace of an earlier run. */
  seconds?: number | undefined;
  /** Bytes on disk. */
  disk: DiskEstimate;
  /** Returns the basis of the estimates, a line for each fact. */
  bases: string[];
}

/**
 * Dry run: estimates the calls, tokens and cost of a run from a random sample of its input, without asking a model or writing
 * anything. The input is read to its end, so the count of records is exact.
 *
 * @throws InputError if the input has no usable record; UsageError for prices without a model, or for a number of assumed
 *   lengths other than one or that of the stages
 */
export async function planRun(inputs: string | readonly string[], options: PlanOptions): Promise<RunPlan> {
  const { isUsable, corpus, isDocument, numNeg, model = '', prices, maxTokens, limit, assumeFrom } = options;
  if (prices !== undefined && model === '') {
    throw new UsageError('prices depend on the model', { hint: 'add the model: --model NAME' });
  }
  const { stageModels = {} } = options;
  const priceFor = (stage: string) => prices && priceOf(prices, stageModels[stage]?.model ?? model);
  const stages = withAssumptions(options.stages, options.assumeCompletionTokens);
  const { seed, inputFormat, onBadLine, maxLineBytes, onNotice, signal } = options;
  const read = { seed, inputFormat, onBadLine, maxLineBytes, onNotice, signal };
  const { existing = {}, done = 0 } = options;
  const asked = new AskedCounts(stages, existing, options.queriesPerDoc);
  const sample = await sampleRecords(inputs, {
    ...{ ...read, limit },
    isUsable: (record) => (isUsable?.(record) ?? true) && asked.add(record),
  });
  if (sample.usable === 0) {
    throw new InputError('no record of the input can be used', { hint: 'name the keys of its texts' });
  }
  const items = sample.usable + sample.unusable + sample.badLines;
  const wanted = Math.min(items, options.sample ?? items);
  // Of a pilot's records, and of those that are left, as many can be used as of all.
  const share = wanted / items;
  const left = Math.max(0, wanted - done) / items;
  const negatives = corpus === undefined ? sample : await sampleRecords(corpus, { ...read, isUsable: isDocument });
  const earlier =
    assumeFrom === undefined ? [] : (await sampleRecords(assumeFrom, { ...read, inputFormat: 'auto' })).records;
  const estimates = stages.map((stage) =>
    estimateStage({
      ...{ stage, earlier, maxTokens: stageModels[stage.name]?.maxTokens ?? maxTokens },
      ...{ sample: sample.records.filter((record) => !asked.isMade(stage, record)), corpus: negatives.records },
      records: (left * asked.of(stage)) / stage.perRecord,
    }),
  );
  const priced = estimates.map((estimate, index): PricedEstimate => {
    const other = stages[index]?.model;
    const price = other === undefined ? priceFor(estimate.stage) : prices && priceOf(prices, other);
    return { ...estimate, costUsd: price && estimatedCost(price, estimate) };
  });
  const unusable = Math.round(share * (sample.unusable + sample.badLines));
  const records = Math.round(share * sample.usable);
  const counts = { records, unusable, sampled: sample.records.length };
  const total = totalOf(estimates);
  const textOf = (record: DataRecord) => String(valueAt(record, options.index?.textKey ?? defaultKeys.text) ?? '');
  const texts = negatives.records.map(textOf);
  const disk = estimateDisk({
    ...{ sample: sample.records, records, earlier, calls: total.calls, stages: stages.length },
    answerTokens: total.completionTokens.likely,
    negativeBytes: (numNeg ?? 0) * (texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / texts.length || 0),
    hasCache: options.hasCache ?? true,
  });
  const index =
    options.index === undefined ? 0 : estimateIndexBytes({ ...options.index, texts, documents: negatives.usable });
  return {
    ...counts,
    stages: priced,
    total: { ...total, costUsd: totalCost(priced) },
    done: Math.min(done, wanted),
    existing: asked.made(),
    seconds: options.pace && estimateSeconds(estimates, options.pace),
    disk: { ...disk, index },
    bases: planBases({
      ...{ records: sample.usable, sampled: sample.records.length, stages, estimates, numNeg, assumeFrom, model },
      pricesAsOf: prices?.asOf,
    }),
  };
}

/** Counts the prompts of each stage over the records of the input, without those whose results are there. */
class AskedCounts {
  readonly #stages: PlannedStage[];
  readonly #existing: NonNullable<PlanOptions['existing']>;
  readonly #queriesPerDoc: number;
  readonly #asked = new Map<string, number>();
  readonly #made = new Map<string, number>();

  constructor(stages: PlannedStage[], existing: NonNullable<PlanOptions['existing']>, queriesPerDoc = 1) {
    this.#queriesPerDoc = queriesPerDoc;
    this.#stages = stages;
    this.#existing = existing;
  }

  isMade({ name }: PlannedStage, record: DataRecord): boolean {
    const keys = this.#existing[name];
    return keys !== undefined && isMade(record, keys);
  }

  /** Counts a record; returns true. A record that has its question does not become several. */
  add(record: DataRecord): true {
    const [first] = this.#stages;
    const hasQuestion = first?.name === 'doc2query' && this.isMade(first, record);
    for (const stage of this.#stages) {
      const prompts = stage.perRecord / (hasQuestion ? this.#queriesPerDoc : 1);
      const counts = this.isMade(stage, record) ? this.#made : this.#asked;
      counts.set(stage.name, (counts.get(stage.name) ?? 0) + (counts === this.#made ? 1 : prompts));
    }
    return true;
  }

  of({ name }: PlannedStage): number {
    return this.#asked.get(name) ?? 0;
  }

  made(): Record<string, number> {
    return Object.fromEntries(this.#made);
  }
}

function withAssumptions(stages: PlannedStage[], answerTokens: readonly number[] | undefined): PlannedStage[] {
  if (answerTokens === undefined) return stages;
  if (answerTokens.length !== 1 && answerTokens.length !== stages.length) {
    const names = stages.map(({ name }) => name).join(', ');
    throw new UsageError(`--assume-completion-tokens has ${answerTokens.length} numbers for the stages ${names}`, {
      hint: 'give one number, or one for each stage',
    });
  }
  return stages.map((stage, index) => ({ ...stage, answerTokens: answerTokens[index] ?? (answerTokens[0] as number) }));
}

function estimatedCost(price: ModelPrice, estimate: StageEstimate): PricedEstimate['costUsd'] {
  const { promptTokens, completionTokens } = estimate;
  const cost = (bound: keyof Estimate) =>
    dollars(costOf(price, { promptTokens: promptTokens[bound], completionTokens: completionTokens[bound] }));
  return { likely: cost('likely'), least: cost('least'), most: cost('most') };
}

/** Returns the cost of all stages; undefined if the model of one has no price. */
function totalCost(stages: PricedEstimate[]): PricedEstimate['costUsd'] {
  const costs = stages.map(({ costUsd }) => costUsd);
  if (costs.some((cost) => cost === undefined)) return undefined;
  const sum = (bound: keyof Estimate) => costs.map((cost) => cost?.[bound] ?? '0').reduce(addDollars, '0');
  return { likely: sum('likely'), least: sum('least'), most: sum('most') };
}

function totalOf(estimates: StageEstimate[]): StageEstimate {
  return {
    stage: 'total',
    calls: estimates.reduce((sum, { calls }) => sum + calls, 0),
    promptTokens: addEstimates(estimates.map(({ promptTokens }) => promptTokens)),
    completionTokens: addEstimates(estimates.map(({ completionTokens }) => completionTokens)),
    measuredOn: Math.min(...estimates.map(({ measuredOn }) => measuredOn)),
  };
}
