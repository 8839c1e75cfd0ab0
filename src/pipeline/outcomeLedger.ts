import { RareflowError } from '../errors.js';
import { ordinalOf } from '../flow/ordinal.js';
import type { Reject } from '../record.js';
import { OrdinalSet } from './state/ordinalSet.js';

/** An input item and all that became of it. An empty list is absent: most items become one record. */
export interface Outcome {
  ordinal: number;
  outputs?: unknown[] | undefined;
  /** Each with the index of the stage that rejected it; -1 is the source. */
  rejects?: { stage: number; reject: Reject }[] | undefined;
  /** The records that each stage made of it, by the index of the stage, if they are kept. */
  made?: { stage: number; record: unknown }[] | undefined;
  /** Each stage, by its index, that made more than one record of it. */
  extras?: { stage: number; count: number }[] | undefined;
}

interface OpenOutcome extends Outcome {
  /** The number of its records that are still in progress. */
  awaited: number;
}

export interface LedgerOptions {
  ordered: boolean;
  finished?: number[] | undefined;
  /**
   * Finished items whose results an earlier session wrote without those between them: each is given to `onEarlier` in its place.
   * `next` is the first item that is not written yet.
   */
  earlier?: { finished: number[]; next: number; onEarlier: (ordinal: number) => void } | undefined;
}

/**
 * Collects what becomes of each input item until none of its records is in progress any more, so that an output never holds
 * a part of an item; and, if the order is kept, until all items before it are finished. Its memory grows with the items in
 * progress.
 */
export class OutcomeLedger {
  readonly finished: OrdinalSet;
  readonly #ordered: boolean;
  readonly #onFinished: (outcome: Outcome) => void;
  readonly #open = new Map<number, OpenOutcome>();
  readonly #earlier: OrdinalSet;
  readonly #onEarlier: (ordinal: number) => void;
  #isLeftOut: (ordinal: number) => boolean = () => false;
  #next: number;

  constructor({ ordered, finished, earlier }: LedgerOptions, onFinished: (outcome: Outcome) => void) {
    this.finished = new OrdinalSet(finished);
    this.#ordered = ordered;
    this.#onFinished = onFinished;
    this.#earlier = new OrdinalSet(earlier?.finished);
    this.#onEarlier = earlier?.onEarlier ?? (() => {});
    this.#next = earlier?.next ?? this.finished.lowWater;
  }

  /** The first item, in order, whose results are not written yet. */
  get next(): number {
    return this.#next;
  }

  /** Begins: items for which `isLeftOut` returns true will not come. Called before the first item enters. */
  begin(isLeftOut: (ordinal: number) => boolean): void {
    this.#isLeftOut = isLeftOut;
    if (this.#ordered) this.#finishInOrder();
  }

  enter(ordinal: number): void {
    this.#open.set(ordinal, { ordinal, awaited: 1, outputs: undefined, rejects: undefined, extras: undefined });
  }

  /** A stage made `count` more records from the item that a record came from. */
  extra(stage: number, count: number, record: unknown): void {
    const outcome = this.#outcomeOf(record, 'onExtra was called without the record that became several');
    outcome.awaited += count;
    outcome.extras = [...(outcome.extras ?? []), { stage, count }];
  }

  /** Keeps what a stage made of an item until the item is finished. */
  made(stage: number, record: unknown): void {
    const outcome = this.#outcomeOf(record, 'a record came out of a stage that cannot be traced to the input');
    outcome.made ??= [];
    outcome.made.push({ stage, record });
  }

  output(record: unknown): void {
    const outcome = this.#outcomeOf(record, 'a record came out that cannot be traced to the input');
    if (outcome.outputs === undefined) outcome.outputs = [record];
    else outcome.outputs.push(record);
    this.#settleOne(outcome);
  }

  reject(stage: number, reject: Reject): void {
    const outcome = this.#outcomeOf(
      reject.record,
      `${reject.stage} rejected a record that cannot be traced to the input`,
    );
    outcome.rejects = [...(outcome.rejects ?? []), { stage, reject }];
    this.#settleOne(outcome);
  }

  /** Takes an item of the source that is not a record. */
  refuse(ordinal: number, reject: Reject): void {
    const outcome = { ordinal, awaited: 1, rejects: [{ stage: -1, reject }] };
    this.#open.set(ordinal, outcome);
    this.#settleOne(outcome);
  }

  #outcomeOf(record: unknown, problem: string): OpenOutcome {
    const outcome = this.#open.get(ordinalOf(record) ?? -1);
    if (outcome !== undefined && outcome.awaited > 0) return outcome;
    throw new RareflowError(problem, {
      hint: 'an operator in a run with a checkpoint must make its records from those it gets, as { ...record, more }, each once',
    });
  }

  #settleOne(outcome: OpenOutcome): void {
    outcome.awaited -= 1;
    if (outcome.awaited > 0) return;
    if (!this.#ordered) {
      this.#finish(outcome);
      return;
    }
    this.#finishInOrder();
  }

  /** Finishes each item that all items before it are finished for. */
  #finishInOrder(): void {
    for (; ; this.#next++) {
      const outcome = this.#open.get(this.#next);
      if (outcome !== undefined) {
        if (outcome.awaited > 0) return;
        this.#finish(outcome);
      } else if (this.finished.has(this.#next)) {
        if (this.#earlier.has(this.#next)) this.#onEarlier(this.#next);
      } else if (!this.#isLeftOut(this.#next)) return;
    }
  }

  #finish(outcome: OpenOutcome): void {
    this.#open.delete(outcome.ordinal);
    this.finished.add(outcome.ordinal);
    this.#onFinished(outcome);
  }
}
