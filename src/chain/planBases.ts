import { formatCount } from '../util/formatNumbers.js';
import type { StageEstimate } from './estimateStage.js';
import { ASSUMED_CHARACTERS, type PlannedStage } from './plannedStages.js';

interface PlanFacts {
  records: number;
  sampled: number;
  stages: PlannedStage[];
  estimates: StageEstimate[];
  numNeg: number | undefined;
  assumeFrom: string | undefined;
  model: string;
  pricesAsOf: string | undefined;
}

/** Returns what the estimates of a plan are based on, a line for each fact. */
export function planBases(facts: PlanFacts): string[] {
  const { records, sampled, stages, estimates, numNeg, assumeFrom, model, pricesAsOf } = facts;
  const from = sampled === records ? 'all records' : `a random sample of ${formatCount(sampled)} records`;
  const lines = [`tokens: from ${from}`];
  for (const { stage, measuredOn } of estimates) {
    if (measuredOn > 0) lines.push(`${stage}: as in ${formatCount(measuredOn)} records of ${assumeFrom}`);
  }
  const assumed = stages.filter((_, index) => estimates[index]?.measuredOn === 0);
  if (assumed.length > 0) {
    const lengths = assumed.map(({ name, answerTokens }) => `${name} ${formatCount(answerTokens)}`).join(', ');
    lines.push(
      'prompts: estimated from the length of their texts, to within about a third',
      `answers: ${lengths} tokens, assumed; half to double`,
    );
    for (const { name, askedAgain } of assumed) {
      if (askedAgain > 0) lines.push(`asked again: ${askedAgain * 100} % of ${name}, assumed`);
    }
    lines.push('not counted: thinking, failed attempts that are retried');
  }
  if (stages.some(({ name }) => name.startsWith('judge_'))) {
    lines.push('judges: assumed to reject nothing, so that the later stages cost at most this');
  }
  if (numNeg !== undefined) {
    lines.push(
      `negatives: ${numNeg} texts of the corpus for each question, chosen at random`,
      `questions: assumed to have ${ASSUMED_CHARACTERS.question} characters, scenarios ${ASSUMED_CHARACTERS.scenario}`,
    );
  }
  if (pricesAsOf !== undefined) lines.push(`prices: ${model} as of ${pricesAsOf}, no prompt cached`);
  if (assumed.length > 0 && assumeFrom !== undefined) {
    lines.push(`${assumeFrom} has no figures for ${assumed.map(({ name }) => name).join(' and ')}`);
  }
  if (assumeFrom === undefined) {
    lines.push('better: first --sample 100 -o OUTPUT, then --dry-run with the same -o');
  }
  return lines;
}
