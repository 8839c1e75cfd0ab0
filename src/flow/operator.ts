import { AsyncIterableX } from 'ix/asynciterable/asynciterablex';
import type { DataRecord } from '../record.js';
import { eitherSignal } from '../util/abort.js';
import { type Rejects, warnOfReject } from './rejects.js';
import { iterate, requireSource, type Source } from './source.js';

export type { Source } from './source.js';

/** The context that a run passes to its operators. */
export interface OperatorContext {
  /** Aborting it ends the stream with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Receives failed records, unless the operator was given `rejects`. */
  rejects?: Rejects | undefined;
  /** Called when one record became several, with how many more and which one: in + extra = out + rejects. */
  onExtra?: ((count: number, record?: DataRecord) => void) | undefined;
  /**
   * Called, before it pulls its first record, by an operator that compares records with earlier ones: with a function that
   * takes the records that earlier sessions of a run finished, in the order of the input.
   */
  onRecall?: ((take: (record: DataRecord) => void) => void) | undefined;
  /** Called when work on a record begins (1) and ends (−1), to measure how long an operator is busy. */
  onWork?: ((change: 1 | -1) => void) | undefined;
}

/**
 * A lazy transform of iterables. It is a plain function, an ix operator (`from(source).pipe(op)`) and a step of
 * node:stream's `pipeline(readable, op, writable)`. Nothing runs before the result is iterated; each iteration starts from
 * the beginning.
 */
export type Operator<In, Out> = (source: Source<In>, context?: OperatorContext) => AsyncIterableX<Out>;

/** An operator that passes on the records it gets, of whatever type. */
export type PassThrough = <T extends object>(source: Source<T>, context?: OperatorContext) => AsyncIterableX<T>;

/** The context that a generator gets: rejects and signal are always present. */
export interface TransformContext extends OperatorContext {
  rejects: Rejects;
  /** Aborted by the run, and as soon as the consumer leaves. */
  signal: AbortSignal;
}

type Transform<In, Out> = (source: AsyncIterable<In>, context: TransformContext) => AsyncIterable<Out>;

/**
 * Makes an operator from an async generator function. The generator closes its source by leaving its `for await`; no work
 * is added per item, so an operator costs what the bare generator costs.
 *
 * The operator throws UsageError for a source that cannot be iterated; `name` is what the message calls the operator.
 */
export function operator<In, Out>(transform: Transform<In, Out>, name?: string): Operator<In, Out> {
  const sourceName = name === undefined ? 'the source' : `the source of ${name}`;
  return (source, context = {}) => {
    requireSource(sourceName, source);
    return new OperatorIterable(transform, source, context);
  };
}

class OperatorIterable<In, Out> extends AsyncIterableX<Out> {
  readonly #transform: Transform<In, Out>;
  readonly #source: Source<In>;
  readonly #context: OperatorContext;

  constructor(transform: Transform<In, Out>, source: Source<In>, context: OperatorContext) {
    super();
    this.#transform = transform;
    this.#source = source;
    this.#context = context;
  }

  /** ix passes its signal to the iterator, node:stream to the context; the source gets whichever came. */
  override [Symbol.asyncIterator](iteratorSignal?: AbortSignal): AsyncIterator<Out> {
    const { rejects = warnOfReject, onExtra, onWork, onRecall } = this.#context;
    const leaving = new AbortController();
    const signal = eitherSignal(leaving.signal, eitherSignal(iteratorSignal, this.#context.signal));
    const source = { [Symbol.asyncIterator]: () => iterate(this.#source, signal) };
    const iterator = this.#transform(source, { signal, rejects, onExtra, onWork, onRecall })[Symbol.asyncIterator]();
    return {
      next: () => iterator.next(),
      // A generator notices return() only after the pull it waits for, and the stages before it would run on until then:
      // the signal stops all of them at once.
      return: async (value) => {
        leaving.abort(new DOMException('the consumer has left the stream', 'AbortError'));
        return (await iterator.return?.(value)) ?? { done: true, value };
      },
    };
  }
}
