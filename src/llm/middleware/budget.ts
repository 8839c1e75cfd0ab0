import { ModelError, UsageError } from '../../errors.js';
import { type MaybeSignal, throwIfAborted, untilAborted } from '../../util/abort.js';
import type { OptionsOf } from '../../util/options.js';
import type { ChatModel, ChatRequest, Usage } from '../chatModel.js';
import { dollars, femtoDollars } from '../cost/dollars.js';
import { maxPromptTokens } from '../cost/estimateTokens.js';
import { costOf, type ModelPrice } from '../cost/prices.js';
import { AttemptError } from '../failures/attemptError.js';
import type { modelOptions } from '../options.js';

export interface BudgetOptions
  extends Pick<OptionsOf<typeof modelOptions>, 'budgetUsd' | 'budgetTokens' | 'maxTokens'> {
  model: string;
  price?: ModelPrice | undefined;
  /** The prices of stages that name a model. */
  stagePrices?: Record<string, ModelPrice | undefined> | undefined;
}

/** The state of a budget, as text: `$1.25`, exact to the last digit, or `1200 tokens`. */
export interface BudgetState {
  unit: 'usd' | 'tokens';
  cap: string;
  spent: string;
  /** The part of `spent` that is the worst case of attempts whose bill is unknown; absent if there are none. */
  assumed?: string;
}

/** The spending in dollars or in tokens; all amounts in the smallest unit. */
interface Spending {
  unit: 'usd' | 'tokens';
  cap: bigint;
  spent: bigint;
  assumed: bigint;
  reserved: bigint;
  amountOf: (usage: Usage, stage: string | undefined) => bigint;
  write: (amount: bigint) => string;
}

/** The most that an attempt may use. */
interface WorstCase extends Usage {
  stage: string | undefined;
}

interface WaitingAttempt {
  worst: WorstCase;
  admit: () => void;
}

/**
 * Keeps the spending of all attempts under a budget: an attempt is sent only if what was spent and the worst case of all in
 * flight, its own included, stay within it. The worst case is the most tokens that the prompt can have and an answer as long
 * as its cap. When the attempt ends, what it used replaces that; if the server reports no usage, the worst case is charged.
 *
 * Near the end attempts wait for others to give back what they did not use. If none is in flight and no waiting one fits,
 * the budget is reached: all waiting and later attempts reject with a ModelError, and the run can be resumed.
 */
export class Budget {
  readonly #spendings: Spending[] = [];
  readonly #waiting = new Set<WaitingAttempt>();
  readonly #reached = new AbortController();
  #inFlight = 0;

  /** Throws UsageError for a budget that cannot be kept. */
  constructor(options: BudgetOptions) {
    const { budgetUsd, budgetTokens, price, stagePrices = {} } = options;
    if (budgetUsd === undefined && budgetTokens === undefined) return;
    checkBudget(options);
    const nothing = { spent: 0n, assumed: 0n, reserved: 0n };
    if (budgetUsd !== undefined && price !== undefined) {
      const cap = femtoDollars(budgetUsd) ?? 0n;
      const amountOf = (usage: Usage, stage = '') => costOf(stagePrices[stage] ?? price, usage);
      this.#spendings.push({ ...nothing, unit: 'usd', cap, amountOf, write: (amount) => `$${dollars(amount)}` });
    }
    if (budgetTokens !== undefined) {
      const cap = BigInt(budgetTokens);
      const amountOf = ({ promptTokens, completionTokens }: Usage) => BigInt(promptTokens) + BigInt(completionTokens);
      this.#spendings.push({ ...nothing, unit: 'tokens', cap, amountOf, write: (amount) => `${amount} tokens` });
    }
  }

  get isSet(): boolean {
    return this.#spendings.length > 0;
  }

  state(): BudgetState[] {
    return this.#spendings.map(({ unit, cap, spent, assumed, write }) => {
      return { unit, cap: write(cap), spent: write(spent), ...(assumed > 0n && { assumed: write(assumed) }) };
    });
  }

  /** Puts each attempt of a model under the budget. */
  guard(model: ChatModel): ChatModel {
    if (!this.isSet) return model;
    return {
      name: model.name,
      complete: async (request, options = {}) => {
        const worst = worstCase(request);
        await this.#reserve(worst, options.signal);
        let used: Usage | undefined;
        try {
          const completion = await model.complete(request, options);
          used = completion.usage;
          return completion;
        } catch (error) {
          used = usageOf(error);
          throw error;
        } finally {
          this.#settle(worst, used);
        }
      },
    };
  }

  async #reserve(worst: WorstCase, signal: MaybeSignal): Promise<void> {
    const { signal: reached } = this.#reached;
    throwIfAborted(signal, reached);
    const admitted = untilAborted([signal, reached], (admit) => {
      const attempt = { worst, admit };
      this.#waiting.add(attempt);
      return () => this.#waiting.delete(attempt);
    });
    this.#serve();
    await admitted;
  }

  /** Admits the waiting attempts that fit, in the order they came: smaller ones may pass a large one. */
  #serve(): void {
    for (const attempt of this.#waiting) {
      if (!this.#spendings.every((one) => one.spent + one.reserved + worstOf(one, attempt) <= one.cap)) continue;
      this.#waiting.delete(attempt);
      this.#inFlight += 1;
      for (const one of this.#spendings) one.reserved += worstOf(one, attempt);
      attempt.admit();
    }
    if (this.#inFlight === 0 && this.#waiting.size > 0) this.#reached.abort(this.#exhausted());
  }

  /** Replaces the reserve by what was used. If that is undefined or an estimate, which may be too low, the worst case is charged. */
  #settle(worst: WorstCase, used: Usage | undefined): void {
    this.#inFlight -= 1;
    const isReported = used !== undefined && used.estimated !== true;
    for (const one of this.#spendings) {
      const most = worstOf(one, { worst });
      const amount = isReported ? one.amountOf(used, worst.stage) : most;
      one.reserved -= most;
      one.spent += amount;
      if (!isReported) one.assumed += amount;
      if (amount > most) this.#reached.abort(uncapped(worst, used as Usage));
    }
    this.#serve();
  }

  #exhausted(): ModelError {
    const [short] = this.#spendings.filter((one) =>
      [...this.#waiting].every((attempt) => one.spent + worstOf(one, attempt) > one.cap),
    );
    const one = short ?? (this.#spendings[0] as Spending);
    const next = [...this.#waiting].map((attempt) => worstOf(one, attempt)).reduce((a, b) => (b < a ? b : a));
    const { write } = one;
    const assumed =
      one.assumed === 0n ? '' : ` (${write(one.assumed)} of it assumed, for attempts whose bill is unknown)`;
    return new ModelError(
      `the budget is reached: ${write(one.spent)} of ${write(one.cap)} spent${assumed}, and the next call may use ${write(next)}`,
      { hint: 'run again to resume: each run may spend the whole budget' },
    );
  }
}

/** Returns the most that an attempt may use, in the unit of a budget. */
const worstOf = ({ amountOf }: Spending, { worst }: Pick<WaitingAttempt, 'worst'>) => amountOf(worst, worst.stage);

function checkBudget({ model, budgetUsd, maxTokens, price }: BudgetOptions): void {
  if (budgetUsd !== undefined && price === undefined) {
    throw new UsageError(`a budget in dollars requires the price of ${model}`, {
      hint: `give prices (--prices FILE) with an entry ${JSON.stringify(model)}, or a budget in tokens`,
    });
  }
  if (maxTokens === undefined) {
    throw new UsageError('a budget requires a cap on each answer, or one of them could cost any amount', {
      hint: 'set maxTokens (--max-tokens N)',
    });
  }
}

function worstCase(request: ChatRequest): WorstCase {
  if (request.maxTokens === undefined) throw new UsageError('a request under a budget requires maxTokens');
  return { promptTokens: maxPromptTokens(request), completionTokens: request.maxTokens, stage: request.stage };
}

/** Returns what a failed attempt used; undefined if that is unknown. A ModelError means that it was not sent. */
function usageOf(error: unknown): Usage | undefined {
  const nothing = { promptTokens: 0, completionTokens: 0 };
  if (error instanceof ModelError) return nothing;
  if (!(error instanceof AttemptError)) return undefined;
  return error.usage ?? (error.billingUnknown ? undefined : nothing);
}

function uncapped(worst: Usage, used: Usage): ModelError {
  const billed = `${used.promptTokens} + ${used.completionTokens}`;
  const most = `${worst.promptTokens} + ${worst.completionTokens}`;
  return new ModelError(
    `the server billed ${billed} tokens, but the prompt and the cap allow only ${most}: a budget cannot be kept`,
    { hint: 'it may ignore max_tokens: run without a budget, or with another model', resumable: false },
  );
}
