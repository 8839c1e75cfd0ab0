import { AsyncIterableX } from 'ix/asynciterable';
import type { DataRecord } from '../record.js';
import { eitherSignal } from '../util/eitherSignal.js';
import { type Rejects, warnOfReject } from './rejects.js';

/** What a run gives to its operators. */
export interface OperatorContext {
  /** Aborting it ends the stream with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Where failed records go, for operators that were not given their own. */
  rejects?: Rejects | undefined;
  /** Called where one record became several, with how many more and which one: in + extra = out + rejects. */
  onExtra?: ((count: number, record?: DataRecord) => void) | undefined;
  /** Called as work on a record begins (1) and ends (−1), for the time that it takes. */
  onWork?: ((change: 1 | -1) => void) | undefined;
}

/**
 * A lazy transform of async iterables. It is a plain function, an ix operator (`from(source).pipe(op)`) and a step of
 * node:stream's `pipeline(readable, op, writable)`. Nothing runs before the result is iterated; each iteration starts anew.
 */
export type Operator<In, Out> = (source: AsyncIterable<In>, context?: OperatorContext) => AsyncIterableX<Out>;

/** A generator's view of its context: rejects and signal are always there. */
export interface TransformContext extends OperatorContext {
  rejects: Rejects;
  /** Aborted by the run, and as soon as the consumer leaves. */
  signal: AbortSignal;
}

type Transform<In, Out> = (source: AsyncIterable<In>, context: TransformContext) => AsyncIterable<Out>;

/**
 * Makes an operator of an async generator function. The generator closes its source by leaving its `for await`; no work is
 * added per item, so an operator costs what the bare generator costs.
 */
export function operator<In, Out>(transform: Transform<In, Out>): Operator<In, Out> {
  return (source, context = {}) => new OperatorIterable(transform, source, context);
}

class OperatorIterable<In, Out> extends AsyncIterableX<Out> {
  constructor(
    private readonly transform: Transform<In, Out>,
    private readonly source: AsyncIterable<In>,
    private readonly context: OperatorContext,
  ) {
    super();
  }

  /** ix hands its signal to the iterator, node:stream to the context; the source is given whichever came. */
  override [Symbol.asyncIterator](iteratorSignal?: AbortSignal): AsyncIterator<Out> {
    const { rejects = warnOfReject, onExtra, onWork } = this.context;
    const leaving = new AbortController();
    const signal = eitherSignal(leaving.signal, eitherSignal(iteratorSignal, this.context.signal));
    const source = withSignal(this.source, signal);
    const iterator = this.transform(source, { signal, rejects, onExtra, onWork })[Symbol.asyncIterator]();
    return {
      next: () => iterator.next(),
      // A generator hears of return() only after the pull it waits for, and the stages before it would go on until then:
      // the signal tells all of them at once.
      return: async (value) => {
        leaving.abort(new DOMException('the consumer has left the stream', 'AbortError'));
        return (await iterator.return?.(value)) ?? { done: true, value };
      },
    };
  }
}

function withSignal<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const open: (signal: AbortSignal) => AsyncIterator<T> = source[Symbol.asyncIterator].bind(source);
  return { [Symbol.asyncIterator]: () => open(signal) };
}
