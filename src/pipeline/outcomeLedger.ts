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

  constructor(
    { ordered, finished }: { ordered: boolean; finished?: number[] | undefined },
    onFinished: (outcome: Outcome) => void,
  ) {
    this.finished = new OrdinalSet(finished);
    this.#ordered = ordered;
    this.#onFinished = onFinished;
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
    for (let next = this.#next(); next?.awaited === 0; next = this.#next()) this.#finish(next);
  }

  #next(): OpenOutcome | undefined {
    return this.#open.get(this.finished.lowWater);
  }

  #finish(outcome: OpenOutcome): void {
    this.#open.delete(outcome.ordinal);
    this.finished.add(outcome.ordinal);
    this.#onFinished(outcome);
  }
}
