import { estimatePromptTokens } from '../llm/cost/estimateTokens.js';
import { type DataRecord, isRecord } from '../record.js';
import type { PlannedStage } from './plannedStages.js';

/** A figure, and the least and the most that it may well turn out to be. */
export interface Range {
  likely: number;
  least: number;
  most: number;
}

export interface StageEstimate {
  stage: string;
  calls: number;
  promptTokens: Range;
  completionTokens: Range;
  /** The records of an earlier run that tell it; 0 where it is assumed. */
  measuredOn: number;
}

/** What an earlier run's records tell of a stage, by record: all attempts that one took, together. */
interface Measured {
  records: number;
  attempts: number;
  /** Tokens that prompts had, for each that we estimate. */
  promptFactor: number;
  completionTokens: Range;
}

export interface EstimateOptions {
  stage: PlannedStage;
  /** Records of the input, in random order, and how many they stand for. */
  sample: DataRecord[];
  records: number;
  /** Where negatives come from, in random order. */
  corpus: DataRecord[];
  /** The output of an earlier run. */
  earlier: DataRecord[];
  maxTokens: number | undefined;
}

/**
 * Estimates the calls and tokens of a stage from a sample of its input. Without records of an earlier run the length of
 * answers is an assumption, from half of it to double, and prompts are right within a third.
 */
export function estimateStage(options: EstimateOptions): StageEstimate {
  const { stage, sample, corpus, records, earlier, maxTokens = Number.POSITIVE_INFINITY } = options;
  const promptTokens = (record: DataRecord, place: number) => {
    const others = corpus.slice(place + 1, place + 1 + stage.others);
    others.push(...corpus.slice(0, stage.others - others.length));
    return estimatePromptTokens(stage.promptOf(record, others));
  };
  const prompt = rangeOf(sample.map(promptTokens));
  const asked = records * stage.perRecord;
  const measured = measure(stage.name, earlier, promptTokens);

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
  // To ask again quotes the answer that could not be used.
  const likely = calls * prompt.likely + asked * stage.askedAgain * answer;
  return {
    stage: stage.name,
    calls: Math.round(calls),
    promptTokens: scaled(likely, { likely: 1, least: 2 / 3, most: 4 / 3 }),
    completionTokens: scaled(calls, { likely: answer, least: answer / 2, most: Math.min(2 * answer, maxTokens) }),
    measuredOn: 0,
  };
}

const scaled = (factor: number, { likely, least, most }: Range): Range => ({
  likely: Math.round(factor * likely),
  least: Math.round(factor * least),
  most: Math.round(factor * most),
});

function measure(
  stage: string,
  earlier: DataRecord[],
  estimate: (record: DataRecord, place: number) => number,
): Measured | undefined {
  const told = earlier.flatMap((record, place) => {
    const all = record._rareflow;
    const { attempts, promptTokens, completionTokens } = (isRecord(all) && (all[stage] as DataRecord)) || {};
    if (typeof promptTokens !== 'number' || typeof completionTokens !== 'number') return [];
    const tokens = { promptTokens, completionTokens, estimated: estimate(record, place) };
    return [{ attempts: Number(attempts ?? 1), ...tokens }];
  });
  if (told.length === 0) return undefined;
  const sum = (key: 'attempts' | 'promptTokens' | 'estimated') => told.reduce((total, one) => total + one[key], 0);
  return {
    records: told.length,
    attempts: sum('attempts') / told.length,
    promptFactor: sum('promptTokens') / sum('estimated'),
    completionTokens: rangeOf(told.map(({ completionTokens }) => completionTokens)),
  };
}

/** The mean, and twice its standard error about it. */
function rangeOf(values: number[]): Range {
  const count = Math.max(1, values.length);
  const likely = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - likely) ** 2, 0) / Math.max(1, count - 1);
  const error = 2 * Math.sqrt(variance / count);
  return { likely, least: Math.max(0, likely - error), most: likely + error };
}

export function sumOf(ranges: Range[]): Range {
  const sum = (key: keyof Range) => ranges.reduce((total, range) => total + range[key], 0);
  return { likely: sum('likely'), least: sum('least'), most: sum('most') };
}
