import { RareflowError } from '../errors.js';
import { ordinalOf } from '../flow/ordinal.js';
import type { Reject } from '../record.js';
import { OrdinalSet } from './ordinalSet.js';

/** An input item and all that became of it. A list is absent where it is empty: most items become one record. */
export interface Settled {
  ordinal: number;
  outputs?: unknown[] | undefined;
  /** Each with the place of who rejected it: -1 the source, 0 the first stage, … */
  rejects?: { place: number; reject: Reject }[] | undefined;
  /** Each stage, by its place, that made more of it than one. */
  extras?: { place: number; count: number }[] | undefined;
}

interface Live extends Settled {
  /** How many records of it are still on their way. */
  awaited: number;
}

/**
 * Holds what became of each input item until nothing of it is on its way any more, so that an output never holds a part of
 * one; and, where the order is kept, until all items before it are done with. Memory goes with what is under way.
 */
export class Settler {
  readonly finished: OrdinalSet;
  readonly #live = new Map<number, Live>();

  constructor(
    private readonly options: { ordered: boolean; finished?: number[] | undefined },
    private readonly onSettled: (item: Settled) => void,
  ) {
    this.finished = new OrdinalSet(options.finished);
  }

  enter(ordinal: number): void {
    this.#live.set(ordinal, { ordinal, awaited: 1, outputs: undefined, rejects: undefined, extras: undefined });
  }

  /** A stage made `count` more records of the one that a record came from. */
  extra(place: number, count: number, record: unknown): void {
    const live = this.#liveOf(record, 'onExtra was not told which record became several');
    live.awaited += count;
    live.extras = [...(live.extras ?? []), { place, count }];
  }

  output(record: unknown): void {
    const live = this.#liveOf(record, 'a record came out that cannot be traced to the input');
    if (live.outputs === undefined) live.outputs = [record];
    else live.outputs.push(record);
    this.#arrived(live);
  }

  reject(place: number, reject: Reject): void {
    const live = this.#liveOf(reject.record, `${reject.stage} rejected a record that cannot be traced to the input`);
    live.rejects = [...(live.rejects ?? []), { place, reject }];
    this.#arrived(live);
  }

  /** The source gave an item that is no record. */
  refuse(ordinal: number, reject: Reject): void {
    const live = { ordinal, awaited: 1, rejects: [{ place: -1, reject }] };
    this.#live.set(ordinal, live);
    this.#arrived(live);
  }

  #liveOf(record: unknown, problem: string): Live {
    const live = this.#live.get(ordinalOf(record) ?? -1);
    if (live !== undefined && live.awaited > 0) return live;
    throw new RareflowError(problem, {
      hint: 'an operator in a run with a checkpoint makes its records of those it got, as { ...record, more }, each once',
    });
  }

  #arrived(live: Live): void {
    live.awaited -= 1;
    if (live.awaited > 0) return;
    if (!this.options.ordered) {
      this.#settle(live);
      return;
    }
    for (let next = this.#next(); next?.awaited === 0; next = this.#next()) this.#settle(next);
  }

  #next(): Live | undefined {
    return this.#live.get(this.finished.lowWater);
  }

  #settle(live: Live): void {
    this.#live.delete(live.ordinal);
    this.finished.add(live.ordinal);
    this.onSettled(live);
  }
}
