import { Duplex, pipeline } from 'node:stream';
import { type Operator, operator } from './operator.js';

/**
 * Wraps an operator as a node:stream Duplex in object mode, for programs that `.pipe()`: what is written is its source, what
 * is read is its result. An error of the operator destroys the Duplex; destroying the Duplex aborts the operator.
 */
export function toDuplex(op: Operator<never, unknown>): Duplex {
  return Duplex.from((source: AsyncIterable<never>, context: { signal: AbortSignal }) => op(source, context));
}

/** Wraps a Duplex or Transform in object mode as an operator; `open` makes a new one for each iteration. */
export function fromDuplex<In, Out>(open: () => Duplex): Operator<In, Out> {
  return operator(async function* (source, { signal }) {
    signal.throwIfAborted();
    const duplex = open();
    const onAbort = () => duplex.destroy(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      pipeline(source, duplex, () => {}); // its errors destroy the duplex, so they are thrown below
      yield* duplex as AsyncIterable<Out>;
    } finally {
      signal.removeEventListener('abort', onAbort);
      duplex.destroy();
    }
  });
}
