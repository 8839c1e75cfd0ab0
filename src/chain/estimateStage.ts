import { estimatePromptTokens } from '../llm/cost/estimateTokens.js';
import { type DataRecord, isRecord } from '../record.js';
import type { PlannedStage } from './plannedStages.js';

/** An estimate, and the bounds in which it is likely to be. */
export interface Estimate {
  likely: number;
  least: number;
  most: number;
}

/** The calls and tokens that a stage is expected to take. */
export interface StageEstimate {
  stage: string;
  calls: number;
  promptTokens: Estimate;
  completionTokens: Estimate;
  /** The number of records of an earlier run on which it is based; 0 if it is assumed. */
  measuredOn: number;
}

/** The figures of a stage in an earlier run, per record, all its attempts together. */
interface Measured {
  records: number;
  attempts: number;
  /** Prompt tokens for each token that we estimate. */
  promptFactor: number;
  completionTokens: Estimate;
}

export interface EstimateOptions {
  stage: PlannedStage;
  /** Records of the input, in random order, and how many they represent. */
  sample: DataRecord[];
  records: number;
  /** The records from which negatives are taken, in random order. */
  corpus: DataRecord[];
  /** The output of an earlier run. */
  earlier: DataRecord[];
  maxTokens: number | undefined;
}

/**
 * Estimates the calls and tokens of a stage from a sample of its input. Without records of an earlier run the length of
 * answers is an assumption, with half and double of it as bounds, and prompts are accurate to within a third.
 */
export function estimateStage(options: EstimateOptions): StageEstimate {
  const { stage, sample, corpus, records, earlier, maxTokens = Number.POSITIVE_INFINITY } = options;
  const promptTokens = (record: DataRecord, index: number) => {
    const others = corpus.slice(index + 1, index + 1 + stage.others);
    others.push(...corpus.slice(0, stage.others - others.length));
    return estimatePromptTokens(stage.promptOf(record, others));
  };
  const prompt = rangeOf(sample.map(promptTokens));
  const asked = records * stage.perRecord;
  const measured = measuredFigures(stage.name, earlier, promptTokens);

  if (measured !== undefined) {
    return {
      stage: stage.name,
      calls: Math.round(asked * measured.attempts),
      promptTokens: scaled(asked * measured.promptFactor, prompt),
      completionTokens: scaled(asked, measured.completionTokens),
      measuredOn: measured.records,
    };
  }
  const answer = Math.min(stage.answerTokens, maxTokens);
  const calls = asked * (1 + stage.askedAgain);
  // A repeated request quotes the answer that could not be used.
  const likely = calls * prompt.likely + asked * stage.askedAgain * answer;
  return {
    stage: stage.name,
    calls: Math.round(calls),
    promptTokens: scaled(likely, { likely: 1, least: 2 / 3, most: 4 / 3 }),
    completionTokens: scaled(calls, { likely: answer, least: answer / 2, most: Math.min(2 * answer, maxTokens) }),
    measuredOn: 0,
  };
}

const scaled = (factor: number, { likely, least, most }: Estimate): Estimate => ({
  likely: Math.round(factor * likely),
  least: Math.round(factor * least),
  most: Math.round(factor * most),
});

function measuredFigures(
  stage: string,
  earlier: DataRecord[],
  estimate: (record: DataRecord, index: number) => number,
): Measured | undefined {
  const measured = earlier.flatMap((record, index) => {
    const all = record._rareflow;
    const { attempts, promptTokens, completionTokens } = (isRecord(all) && (all[stage] as DataRecord)) || {};
    if (typeof promptTokens !== 'number' || typeof completionTokens !== 'number') return [];
    const tokens = { promptTokens, completionTokens, estimated: estimate(record, index) };
    return [{ attempts: Number(attempts ?? 1), ...tokens }];
  });
  if (measured.length === 0) return undefined;
  const sum = (key: 'attempts' | 'promptTokens' | 'estimated') => measured.reduce((total, one) => total + one[key], 0);
  return {
    records: measured.length,
    attempts: sum('attempts') / measured.length,
    promptFactor: sum('promptTokens') / sum('estimated'),
    completionTokens: rangeOf(measured.map(({ completionTokens }) => completionTokens)),
  };
}

/** Returns the mean, and twice its standard error below and above it. */
function rangeOf(values: number[]): Estimate {
  const count = Math.max(1, values.length);
  const likely = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - likely) ** 2, 0) / Math.max(1, count - 1);
  const error = 2 * Math.sqrt(variance / count);
  return { likely, least: Math.max(0, likely - error), most: likely + error };
}

/** The pace of an earlier run, and the limits of this one. */
export interface Pace {
  /** Seconds of a call, by stage. */
  secondsPerCall: Readonly<Record<string, number>>;
  concurrency: number;
  requestsPerMinute?: number | undefined;
  tokensPerMinute?: number | undefined;
}

/**
 * Estimates the seconds of a run: all slots are taken all the time by calls that take as long as before, or a limit per minute is
 * reached, whichever takes longer. Undefined if a stage that asks is not known.
 */
export function estimateSeconds(stages: readonly StageEstimate[], pace: Pace): number | undefined {
  const { secondsPerCall, concurrency, requestsPerMinute: requests, tokensPerMinute: tokens } = pace;
  const asking = stages.filter(({ calls }) => calls > 0);
  if (asking.some(({ stage }) => secondsPerCall[stage] === undefined)) return undefined;
  const sum = (of: (stage: StageEstimate) => number) => asking.reduce((total, stage) => total + of(stage), 0);
  const perMinute = (amount: number, limit: number | undefined) => (limit === undefined ? 0 : (60 * amount) / limit);
  return Math.max(
    sum(({ stage, calls }) => calls * (secondsPerCall[stage] as number)) / concurrency,
    perMinute(
      sum(({ calls }) => calls),
      requests,
    ),
    perMinute(
      sum(({ promptTokens, completionTokens }) => promptTokens.likely + completionTokens.likely),
      tokens,
    ),
  );
}

/** Adds estimates up. */
export function addEstimates(estimates: Estimate[]): Estimate {
  const sum = (key: keyof Estimate) => estimates.reduce((total, estimate) => total + estimate[key], 0);
  return { likely: sum('likely'), least: sum('least'), most: sum('most') };
}
