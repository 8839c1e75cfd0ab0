import { ModelError, UsageError } from '../../errors.js';
import { type MaybeSignal, throwIfAborted, untilAborted } from '../../util/abort.js';
import type { ChatModel, ChatRequest, Usage } from '../chatModel.js';
import { dollars, femtoDollars } from '../cost/dollars.js';
import { costOf, type ModelPrice } from '../cost/prices.js';
import { promptBound } from '../cost/promptBound.js';
import { AttemptError } from '../failures/attemptError.js';

export interface BudgetOptions {
  /** The most that all attempts may cost, in dollars. Needs a price for the model, and `maxTokens`. */
  budgetUsd?: number | string | undefined;
  /** The most tokens that all attempts may take, prompts and answers together. Needs `maxTokens`. */
  budgetTokens?: number | undefined;
}

/** What was spent of a cap, in words: `$1.25`, exact to the last digit, or `1200 tokens`. */
export interface BudgetState {
  unit: 'usd' | 'tokens';
  cap: string;
  spent: string;
  /** The part of `spent` that is the worst case of attempts whose bill nobody told; absent where there are none. */
  assumed?: string;
}

/** One thing that is capped: all amounts in its smallest unit. */
interface Account {
  unit: 'usd' | 'tokens';
  cap: bigint;
  spent: bigint;
  assumed: bigint;
  reserved: bigint;
  amountOf: (usage: Usage) => bigint;
  write: (amount: bigint) => string;
}

interface Waiter {
  worst: Usage;
  admit: () => void;
}

/**
 * Keeps what all attempts spend under caps: an attempt goes out only where what was spent and the worst case of all in
 * flight, its own included, stay within them. The worst case is the most tokens that the prompt can have and an answer as
 * long as its cap; when the attempt ends, what it used takes its place, and the worst case stays where nobody told.
 *
 * Near the end attempts wait for others to give back what they did not use. Where none is in flight and no waiting one
 * fits, the budget is reached: those that wait, and all that come, reject with a ModelError, and the run can be resumed.
 */
export class Budget {
  readonly #accounts: Account[] = [];
  readonly #waiting = new Set<Waiter>();
  readonly #reached = new AbortController();
  #inFlight = 0;

  /** Throws UsageError for a budget that could not be kept. */
  constructor(
    options: BudgetOptions & { model: string; maxTokens?: number | undefined; price?: ModelPrice | undefined },
  ) {
    const { budgetUsd, budgetTokens, price } = options;
    if (budgetUsd === undefined && budgetTokens === undefined) return;
    check(options);
    const account = { spent: 0n, assumed: 0n, reserved: 0n };
    if (budgetUsd !== undefined && price !== undefined) {
      const cap = femtoDollars(budgetUsd) ?? 0n;
      const amountOf = (usage: Usage) => costOf(price, usage);
      this.#accounts.push({ ...account, unit: 'usd', cap, amountOf, write: (amount) => `$${dollars(amount)}` });
    }
    if (budgetTokens !== undefined) {
      const cap = BigInt(budgetTokens);
      const amountOf = ({ promptTokens, completionTokens }: Usage) => BigInt(promptTokens) + BigInt(completionTokens);
      this.#accounts.push({ ...account, unit: 'tokens', cap, amountOf, write: (amount) => `${amount} tokens` });
    }
  }

  get isSet(): boolean {
    return this.#accounts.length > 0;
  }

  state(): BudgetState[] {
    return this.#accounts.map(({ unit, cap, spent, assumed, write }) => {
      return { unit, cap: write(cap), spent: write(spent), ...(assumed > 0n && { assumed: write(assumed) }) };
    });
  }

  /** The model with each of its attempts under the budget. */
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
          used = usedBy(error);
          throw error;
        } finally {
          this.#settle(worst, used);
        }
      },
    };
  }

  async #reserve(worst: Usage, signal: MaybeSignal): Promise<void> {
    const { signal: reached } = this.#reached;
    throwIfAborted(signal, reached);
    const admitted = untilAborted([signal, reached], (admit) => {
      const waiter = { worst, admit };
      this.#waiting.add(waiter);
      return () => this.#waiting.delete(waiter);
    });
    this.#serve();
    await admitted;
  }

  /** Lets go whoever fits, in the order they came: a large request lets smaller ones pass it. */
  #serve(): void {
    for (const waiter of this.#waiting) {
      if (!this.#accounts.every((one) => one.spent + one.reserved + one.amountOf(waiter.worst) <= one.cap)) continue;
      this.#waiting.delete(waiter);
      this.#inFlight += 1;
      for (const one of this.#accounts) one.reserved += one.amountOf(waiter.worst);
      waiter.admit();
    }
    if (this.#inFlight === 0 && this.#waiting.size > 0) this.#reached.abort(this.#exhausted());
  }

  /** `used` is undefined where nobody told; an estimate, which may be too low, tells nothing either. */
  #settle(worst: Usage, used: Usage | undefined): void {
    this.#inFlight -= 1;
    const isTold = used !== undefined && used.estimated !== true;
    for (const one of this.#accounts) {
      const most = one.amountOf(worst);
      const amount = isTold ? one.amountOf(used) : most;
      one.reserved -= most;
      one.spent += amount;
      if (!isTold) one.assumed += amount;
      if (amount > most) this.#reached.abort(uncapped(worst, used as Usage));
    }
    this.#serve();
  }

  #exhausted(): ModelError {
    const [short] = this.#accounts.filter((one) =>
      [...this.#waiting].every(({ worst }) => one.spent + one.amountOf(worst) > one.cap),
    );
    const one = short ?? (this.#accounts[0] as Account);
    const next = [...this.#waiting].map(({ worst }) => one.amountOf(worst)).reduce((a, b) => (b < a ? b : a));
    const { write } = one;
    const assumed = one.assumed === 0n ? '' : ` (${write(one.assumed)} of it assumed, where no bill was told)`;
    return new ModelError(
      `the budget is reached: ${write(one.spent)} of ${write(one.cap)} spent${assumed}, and the next call may take ${write(next)}`,
      { hint: 'run the command again to go on: every run has the whole budget to itself' },
    );
  }
}

function check({ model, budgetUsd, maxTokens, price }: ConstructorParameters<typeof Budget>[0]): void {
  if (model === 'offline') throw new UsageError('the offline model costs nothing, so it takes no budget');
  if (budgetUsd !== undefined && !femtoDollars(budgetUsd)) {
    throw new UsageError(`budgetUsd is ${budgetUsd}, expected dollars above 0, such as "12.50"`);
  }
  if (budgetUsd !== undefined && price === undefined) {
    throw new UsageError(`a budget in dollars needs the price of ${model}`, {
      hint: `give prices (--prices FILE) with an entry ${JSON.stringify(model)}, or a budget in tokens`,
    });
  }
  if (maxTokens === undefined) {
    throw new UsageError('a budget needs a cap on each answer, or one of them could cost any amount', {
      hint: 'set maxTokens (--max-tokens N)',
    });
  }
}

function worstCase(request: ChatRequest): Usage {
  if (request.maxTokens === undefined) throw new UsageError('a request under a budget needs maxTokens');
  return { promptTokens: promptBound(request), completionTokens: request.maxTokens };
}

/** What a failed attempt used; undefined where nobody knows. What is no AttemptError and no abort was never sent. */
function usedBy(error: unknown): Usage | undefined {
  const nothing = { promptTokens: 0, completionTokens: 0 };
  if (error instanceof ModelError) return nothing;
  if (!(error instanceof AttemptError)) return undefined;
  return error.usage ?? (error.billingUnknown ? undefined : nothing);
}

function uncapped(worst: Usage, used: Usage): ModelError {
  const told = `${used.promptTokens} + ${used.completionTokens}`;
  const most = `${worst.promptTokens} + ${worst.completionTokens}`;
  return new ModelError(
    `the server billed ${told} tokens where the prompt and its cap allow ${most}: a budget cannot be kept`,
    { hint: 'it may ignore max_tokens; run without a budget, or with another model', resumable: false },
  );
}
