import { ModelError } from '../../errors.js';
import { RecentRates } from '../../util/recentRates.js';
import { addCosts, type ChatModel, type Usage } from '../chatModel.js';
import { addDollars, dollars } from '../cost/dollars.js';
import { costOf, type ModelPrice } from '../cost/prices.js';
import { AttemptError } from '../failures/attemptError.js';
import type { Budget, BudgetState } from './budget.js';

interface UsageCounts {
  /** Calls that ended, successful or not. */
  calls: number;
  failedCalls: number;
  /** Calls that the cache answered, or an equal call in progress. */
  cachedCalls: number;
  /** Prompt and completion tokens that those would have cost. */
  savedTokens: number;
  /** Requests that were sent and have ended. */
  attempts: number;
  failedAttempts: number;
  /** The sum of their seconds: many run at once. */
  attemptSeconds: number;
  promptTokens: number;
  completionTokens: number;
  /** The part of the prompt tokens that the provider had cached. */
  cachedTokens: number;
  /** The part of the completion tokens that was reasoning. */
  reasoningTokens: number;
  /** The cost that the provider reported with its answers, in dollars, beside the one by the price list. */
  reportedCostUsd: number;
  /** Answers that were cut off at their cap. */
  cappedAnswers: number;
  /** The part of the prompt and completion tokens that is our estimate, because the server reported none. */
  estimatedTokens: number;
  /** Attempts that may have been billed an unknown amount: connections lost, answers cut off, calls aborted. */
  unknownAttempts: number;
  /** Answers to prompts that the server seems to have cut off. */
  cutOffPrompts: number;
}

export interface UsageTotals extends UsageCounts {
  /** The cost of the tokens in dollars, as an exact decimal; undefined if the model has no price. */
  costUsd?: string | undefined;
  /** The tokens that `costUsd` leaves out: all of them if the model has no price, none if it has one. */
  unpricedTokens: number;
}

export interface UsageSnapshot {
  total: UsageTotals;
  /** By the request's `stage`; `other` if it named none. */
  byStage: Record<string, UsageTotals>;
  /** Attempts in flight now, and the most there were at once. */
  inFlight: number;
  peakInFlight: number;
  /** Calls that are not in flight: they wait for a slot, a rate, a hold, a budget or a retry. */
  waiting: number;
  /** The sum of the seconds that attempts have taken, those in flight included. */
  busySeconds: number;
  /** Over the last 30 s: prompt and completion tokens a second, and attempts in flight on average. */
  recent: { tokensPerSecond: number; inFlight: number };
  /** The day that the prices were looked up; absent if there are none. */
  pricesAsOf?: string | undefined;
  /** The state of each budget that was set. */
  budgets: BudgetState[];
}

export interface MeterOptions {
  price?: ModelPrice | undefined;
  /** The prices of stages that name a model; undefined for a stage if its model has no price. */
  stagePrices?: Record<string, ModelPrice | undefined> | undefined;
  pricesAsOf?: string | undefined;
  budget?: Budget | undefined;
}

export interface UsageMeter {
  /** Counts the calls of a model: the outermost wrapper. */
  countCalls(model: ChatModel): ChatModel;
  /** Counts attempts and their tokens, failed attempts included: the innermost wrapper. */
  countAttempts(model: ChatModel): ChatModel;
  /** Counts a request that only finds out what a server refuses: it takes the place of one that was refused. */
  countProbe(stage: string | undefined): void;
  /** Returns a copy of the counts so far. Its recent rates are measured between calls of it. */
  snapshot(): UsageSnapshot;
}

const zeroCounts: UsageCounts = {
  calls: 0,
  failedCalls: 0,
  cachedCalls: 0,
  savedTokens: 0,
  attempts: 0,
  failedAttempts: 0,
  attemptSeconds: 0,
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  reportedCostUsd: 0,
  cappedAnswers: 0,
  estimatedTokens: 0,
  unknownAttempts: 0,
  cutOffPrompts: 0,
};

/** Makes a meter of calls, attempts, tokens and, with the model's price, money, by stage. */
export function usageMeter({ price, stagePrices = {}, pricesAsOf, budget }: MeterOptions = {}): UsageMeter {
  const stages = new Map<string, UsageCounts>();
  let calls = 0;
  let inFlight = 0;
  let peakInFlight = 0;
  /** The sum of the start times of the attempts in flight. */
  let startTimesMs = 0;
  const rates = new RecentRates([0, 0]);

  const totalsOf = (stage = 'other'): UsageCounts => {
    const known = stages.get(stage);
    if (known !== undefined) return known;
    const totals = { ...zeroCounts };
    stages.set(stage, totals);
    return totals;
  };

  return {
    countCalls: (model) => ({
      name: model.name,
      async complete(request, options) {
        const totals = totalsOf(request.stage);
        calls += 1;
        try {
          const completion = await model.complete(request, options);
          if (completion.cached) {
            totals.cachedCalls += 1;
            totals.savedTokens += completion.usage.promptTokens + completion.usage.completionTokens;
          }
          return completion;
        } catch (error) {
          totals.failedCalls += 1;
          throw error;
        } finally {
          totals.calls += 1;
          calls -= 1;
        }
      },
    }),
    countAttempts: (model) => ({
      name: model.name,
      async complete(request, options) {
        const totals = totalsOf(request.stage);
        const startedMs = performance.now();
        startTimesMs += startedMs;
        inFlight += 1;
        if (inFlight > peakInFlight) peakInFlight = inFlight;
        try {
          const completion = await model.complete(request, options);
          totals.attempts += 1;
          addTokens(totals, completion.usage);
          if (completion.promptCutOff) totals.cutOffPrompts += 1;
          return completion;
        } catch (error) {
          // What is left in a batch is counted by the later process that collects it.
          if (error instanceof ModelError) throw error;
          totals.attempts += 1;
          totals.failedAttempts += 1;
          addFailure(totals, error);
          throw error;
        } finally {
          totals.attemptSeconds += (performance.now() - startedMs) / 1000;
          startTimesMs -= startedMs;
          inFlight -= 1;
        }
      },
    }),
    countProbe(stage) {
      const totals = totalsOf(stage);
      totals.attempts += 1;
      totals.failedAttempts += 1;
    },
    snapshot: () => {
      const byStage = [...stages].map(([stage, totals]): [string, UsageTotals] => {
        return [stage, withCost(totals, Object.hasOwn(stagePrices, stage) ? stagePrices[stage] : price)];
      });
      const nothing = withCost({ ...zeroCounts }, price);
      const total = byStage.map(([, totals]) => totals).reduce(addTotals, nothing);
      const busySeconds = total.attemptSeconds + (inFlight * performance.now() - startTimesMs) / 1000;
      const [tokensPerSecond = 0, busy = 0] = rates.next([total.promptTokens + total.completionTokens, busySeconds]);
      return {
        total,
        byStage: Object.fromEntries(byStage),
        inFlight,
        peakInFlight,
        waiting: calls - inFlight,
        busySeconds,
        recent: { tokensPerSecond, inFlight: busy },
        pricesAsOf,
        budgets: budget?.state() ?? [],
      };
    },
  };
}

function withCost(counts: UsageCounts, price: ModelPrice | undefined): UsageTotals {
  if (price === undefined) return { ...counts, unpricedTokens: counts.promptTokens + counts.completionTokens };
  return { ...counts, costUsd: dollars(costOf(price, counts)), unpricedTokens: 0 };
}

function addTokens(totals: UsageCounts, usage: Usage): void {
  totals.promptTokens += usage.promptTokens;
  totals.completionTokens += usage.completionTokens;
  totals.cachedTokens += usage.cachedTokens ?? 0;
  totals.reasoningTokens += usage.reasoningTokens ?? 0;
  totals.reportedCostUsd = addCosts(totals.reportedCostUsd, usage.reportedCostUsd);
  if (usage.estimated) totals.estimatedTokens += usage.promptTokens + usage.completionTokens;
}

/** An attempt that ends in anything but an AttemptError was aborted in flight: what it cost is unknown. */
function addFailure(totals: UsageCounts, error: unknown): void {
  if (error instanceof AttemptError && error.fault === 'length') totals.cappedAnswers += 1;
  if (!(error instanceof AttemptError)) totals.unknownAttempts += 1;
  else if (error.usage !== undefined) {
    addTokens(totals, error.usage);
    if (error.fault === 'truncated') totals.cutOffPrompts += 1;
  } else if (error.billingUnknown) totals.unknownAttempts += 1;
}

/** Returns the sum of what two meters counted, such as those of two processes that worked on one run. */
export function addTotals(one: UsageTotals, other: UsageTotals): UsageTotals {
  const { costUsd, unpricedTokens } = one;
  const cost = costUsd === undefined || other.costUsd === undefined ? undefined : addDollars(costUsd, other.costUsd);
  const unpriced = unpricedTokens + other.unpricedTokens;
  const known = cost ?? costUsd ?? other.costUsd;
  return {
    ...sumOfCounts([one, other]),
    ...(known !== undefined && { costUsd: known }),
    unpricedTokens: unpriced,
  };
}

function sumOfCounts(parts: Iterable<UsageCounts>): UsageCounts {
  const total = { ...zeroCounts };
  for (const part of parts) {
    for (const key of Object.keys(zeroCounts) as (keyof UsageCounts)[]) {
      // An earlier version did not count all of them.
      total[key] += part[key] ?? 0;
    }
  }
  return { ...total, reportedCostUsd: addCosts(total.reportedCostUsd) };
}
