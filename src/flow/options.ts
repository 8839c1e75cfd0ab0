import { isRecord } from '../record.js';
import { object, onOff, wholeNumber } from '../util/options.js';
import type { Rejects } from './rejects.js';

/** The number of records that are processed, and of model calls that are made, at once. */
export const concurrencyOption = wholeNumber({
  help: 'how many records are processed, and model calls made, at once',
  default: 16,
  group: 'Records',
  shapesRecords: false,
});

/** Results in the order of the source, or each as soon as it is finished. */
export const orderedOption = onOff({
  help: 'keep the order of the input',
  helpOff: 'write each record as soon as it is finished',
  offName: 'unordered',
  default: true,
  group: 'Records',
});

/**
 * The most items between the source and the consumer, in flight or finished. A slow first item delays no other
 * call until this many wait behind it.
 */
export const windowOption = wholeNumber({
  help: 'how many records may be between the input and the output, in flight or finished',
  defaultText: '64 x concurrency in order, 2 x concurrency otherwise',
  group: 'Records',
  shapesRecords: false,
});

/** The most records that are read. */
export const limitOption = wholeNumber({
  help: 'read at most this many records',
  defaultText: 'all',
  group: 'Input',
  shapesRecords: false,
});

/** The number of records that are drawn from the whole input for a first look. */
export const sampleOption = wholeNumber({
  help: 'take only this many records, drawn at random from the whole input by the seed: a pilot, from which the same command without --sample goes on',
  defaultText: 'all',
  group: 'Money',
  shapesRecords: false,
});

/** Ends a stream at once. */
export const signalOption = object<AbortSignal>()(
  { help: "aborting it ends the stream with the signal's reason" },
  { expected: 'an AbortSignal', accepts: (value) => isRecord(value) && typeof value.addEventListener === 'function' },
);

/** Receives what could not be processed. */
export const rejectsOption = object<Rejects>()(
  { help: 'receives the records that failed; awaited', defaultText: 'a process warning for each' },
  { expected: 'a function', accepts: (value) => typeof value === 'function' },
);
