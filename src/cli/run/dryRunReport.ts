import type { Range, StageEstimate } from '../../chain/estimateStage.js';
import { madeUp, type PlannedStage } from '../../chain/plannedStages.js';
import { formatCompact, formatCount } from '../progress/terminal.js';

export interface PricedEstimate extends StageEstimate {
  /** Exact decimals of the estimated tokens' cost; undefined where the model has no price. */
  costUsd?: { [bound in keyof Range]: string } | undefined;
}

/** The estimates as a table, the last row their sum, with the least and the most it may come to; 80 columns at most. */
export function tableOf(rows: PricedEstimate[], hasPrices: boolean): string[] {
  const cost = ({ costUsd }: PricedEstimate, bound: keyof Range) =>
    hasPrices ? [costUsd === undefined ? 'unpriced' : roughly(costUsd[bound])] : [];
  const line = (name: string, row: PricedEstimate, bound: keyof Range) => [
    name,
    formatCount(row.calls),
    formatCompact(row.promptTokens[bound]),
    formatCompact(row.completionTokens[bound]),
    ...cost(row, bound),
  ];
  const total = rows.at(-1) as PricedEstimate;
  const cells = [
    ['stage', 'calls', 'prompt tokens', 'answer tokens', ...(hasPrices ? ['cost'] : [])],
    ...(rows.length === 2 ? rows.slice(0, 1) : rows).map((row) => line(row.stage, row, 'likely')),
    line('at least about', total, 'least'),
    line('at most about', total, 'most'),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map(([name = '', ...figures]) =>
    [name.padEnd(widths[0] ?? 0), ...figures.map((figure, column) => figure.padStart(widths[column + 1] ?? 0))].join(
      '  ',
    ),
  );
}

/** Dollars for people: to the cent, or where there is less than one, to a hundredth of a cent. */
function roughly(costUsd: string): string {
  const cost = Number(costUsd);
  if (cost >= 1) return `$${cost.toFixed(2)}`;
  return cost > 0 && cost < 0.0001 ? '<$0.0001' : `$${cost.toFixed(4)}`;
}

export interface Bases {
  records: number;
  sampled: number;
  planned: PlannedStage[];
  estimates: StageEstimate[];
  numNeg: number | undefined;
  assumeFrom: string | undefined;
  model: string;
  pricesAsOf: string | undefined;
}

/** What the estimates rest on, a line each. */
export function basesOf(bases: Bases): string[] {
  const { records, sampled, planned, estimates, numNeg, assumeFrom, model, pricesAsOf } = bases;
  const from = sampled === records ? 'all records' : `a random sample of ${formatCount(sampled)} records`;
  const lines = [`tokens: from ${from}`];
  for (const { stage, measuredOn } of estimates) {
    if (measuredOn > 0) lines.push(`${stage}: as in ${formatCount(measuredOn)} records of ${assumeFrom}`);
  }
  const assumed = planned.filter((_, place) => estimates[place]?.measuredOn === 0);
  if (assumed.length > 0) {
    const lengths = assumed.map(({ name, answerTokens }) => `${name} ${formatCount(answerTokens)}`).join(', ');
    lines.push(
      'prompts: by the length of their texts, right within about a third',
      `answers: ${lengths} tokens, assumed; half to double`,
    );
    for (const { name, askedAgain } of assumed) {
      if (askedAgain > 0) lines.push(`asked again: ${askedAgain * 100} % of ${name}, assumed`);
    }
    lines.push('not counted: thinking, attempts that fail and are made again');
  }
  if (numNeg !== undefined) {
    lines.push(
      `negatives: ${numNeg} texts of the corpus for each question, chosen at random`,
      `questions: taken to have ${madeUp.question} characters, scenarios ${madeUp.scenario}`,
    );
  }
  if (pricesAsOf !== undefined) lines.push(`prices: ${model} as of ${pricesAsOf}, no prompt cached`);
  if (assumed.length > 0 && assumeFrom !== undefined) {
    lines.push(`${assumeFrom} tells nothing of ${assumed.map(({ name }) => name).join(' and ')}`);
  }
  if (assumeFrom === undefined) {
    lines.push('better: with --limit 100 -o pilot.jsonl first, then --assume-from pilot.jsonl');
  }
  return lines;
}
