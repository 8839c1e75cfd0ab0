import { ModelError } from '../../errors.js';
import { RecentRates } from '../../util/recentRates.js';
import type { ChatModel, Usage } from '../chatModel.js';
import { addDollars, dollars } from '../cost/dollars.js';
import { costOf, type ModelPrice } from '../cost/prices.js';
import { AttemptError } from '../failures/attemptError.js';
import type { Budget, BudgetState } from './budget.js';

interface UsageCounts {
  /** Calls that ended, well or not. */
  calls: number;
  failedCalls: number;
  /** Calls that the cache answered, or another call for the same that was under way. */
  cachedCalls: number;
  /** Prompt and completion tokens that those would have cost. */
  savedTokens: number;
  /** Requests that went to the server and ended. */
  attempts: number;
  failedAttempts: number;
  /** Seconds that they took, added up: many run at once. */
  attemptSeconds: number;
  promptTokens: number;
  completionTokens: number;
  /** The part of the prompt tokens that the provider had cached. */
  cachedTokens: number;
  /** The part of the completion tokens that was thinking. */
  reasoningTokens: number;
  /** The part of the prompt and completion tokens that is our estimate, because the server told none. */
  estimatedTokens: number;
  /** Attempts that may have been billed though nobody told how much: connections lost, answers cut, calls aborted. */
  unknownAttempts: number;
}

export interface UsageTotals extends UsageCounts {
  /** What the tokens cost, in dollars, as an exact decimal; undefined where the model has no price. */
  costUsd?: string | undefined;
  /** The tokens that `costUsd` leaves out: all of them where the model has no price, none where it has one. */
  unpricedTokens: number;
}

export interface UsageSnapshot {
  total: UsageTotals;
  /** By the request's `stage`; `other` where it named none. */
  byStage: Record<string, UsageTotals>;
  /** Attempts under way now, and the most there were at once. */
  inFlight: number;
  peakInFlight: number;
  /** Calls that are not in flight: they wait for a slot, a rate, a hold, a budget or before a retry. */
  waiting: number;
  /** The time that attempts have taken, those under way so far, added up. */
  busySeconds: number;
  /** In the last 30 s: prompt and completion tokens a second, and attempts under way at once on average. */
  recent: { tokensPerSecond: number; inFlight: number };
  /** The day that the prices were looked up; absent where none were given. */
  pricesAsOf?: string | undefined;
  /** What was spent of each budget; none where none was set. */
  budgets: BudgetState[];
}

export interface MeterOptions {
  price?: ModelPrice | undefined;
  pricesAsOf?: string | undefined;
  budget?: Budget | undefined;
}

export interface UsageMeter {
  /** Counts the calls of a model: the outermost wrapper. */
  countCalls(model: ChatModel): ChatModel;
  /** Counts attempts and their tokens, also those of attempts that failed: the innermost wrapper. */
  countAttempts(model: ChatModel): ChatModel;
  /** The counts so far, as a copy. Its recent rates go by the times it is called. */
  snapshot(): UsageSnapshot;
}

const none: UsageCounts = {
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
  estimatedTokens: 0,
  unknownAttempts: 0,
};

/** A meter of calls, attempts, tokens and, with the model's price, money, by stage. */
export function usageMeter({ price, pricesAsOf, budget }: MeterOptions = {}): UsageMeter {
  const stages = new Map<string, UsageCounts>();
  let calls = 0;
  let inFlight = 0;
  let peakInFlight = 0;
  /** When the attempts in flight were begun, added up. */
  let begunMs = 0;
  const rates = new RecentRates([0, 0]);

  const totalsOf = (stage = 'other'): UsageCounts => {
    const known = stages.get(stage);
    if (known !== undefined) return known;
    const totals = { ...none };
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
        begunMs += startedMs;
        inFlight += 1;
        if (inFlight > peakInFlight) peakInFlight = inFlight;
        try {
          const completion = await model.complete(request, options);
          totals.attempts += 1;
          addTokens(totals, completion.usage);
          return completion;
        } catch (error) {
          // What is left in a batch counts where a later process collects it.
          if (error instanceof ModelError) throw error;
          totals.attempts += 1;
          totals.failedAttempts += 1;
          addFailure(totals, error);
          throw error;
        } finally {
          totals.attemptSeconds += (performance.now() - startedMs) / 1000;
          begunMs -= startedMs;
          inFlight -= 1;
        }
      },
    }),
    snapshot: () => {
      const total = priced(sum(stages.values()), price);
      const busySeconds = total.attemptSeconds + (inFlight * performance.now() - begunMs) / 1000;
      const [tokensPerSecond = 0, busy = 0] = rates.next([total.promptTokens + total.completionTokens, busySeconds]);
      return {
        total,
        byStage: Object.fromEntries([...stages].map(([stage, totals]) => [stage, priced(totals, price)])),
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

function priced(counts: UsageCounts, price: ModelPrice | undefined): UsageTotals {
  if (price === undefined) return { ...counts, unpricedTokens: counts.promptTokens + counts.completionTokens };
  return { ...counts, costUsd: dollars(costOf(price, counts)), unpricedTokens: 0 };
}

function addTokens(totals: UsageCounts, usage: Usage): void {
  totals.promptTokens += usage.promptTokens;
  totals.completionTokens += usage.completionTokens;
  totals.cachedTokens += usage.cachedTokens ?? 0;
  totals.reasoningTokens += usage.reasoningTokens ?? 0;
  if (usage.estimated) totals.estimatedTokens += usage.promptTokens + usage.completionTokens;
}

/** An attempt that ends in anything but an AttemptError was aborted under way: nobody knows what it cost. */
function addFailure(totals: UsageCounts, error: unknown): void {
  if (!(error instanceof AttemptError)) totals.unknownAttempts += 1;
  else if (error.usage !== undefined) addTokens(totals, error.usage);
  else if (error.billingUnknown) totals.unknownAttempts += 1;
}

/** What two meters counted together, such as those of two processes that worked on one run. */
export function addTotals(one: UsageTotals, other: UsageTotals): UsageTotals {
  const { costUsd, unpricedTokens } = one;
  const cost = costUsd === undefined || other.costUsd === undefined ? undefined : addDollars(costUsd, other.costUsd);
  const unpriced = unpricedTokens + other.unpricedTokens;
  return { ...sum([one, other]), costUsd: cost ?? costUsd ?? other.costUsd, unpricedTokens: unpriced };
}

function sum(parts: Iterable<UsageCounts>): UsageCounts {
  const total = { ...none };
  for (const part of parts) {
    for (const key of Object.keys(none) as (keyof UsageCounts)[]) total[key] += part[key];
  }
  return total;
}
