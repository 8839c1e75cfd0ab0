/** The signal that aborts when either does; undefined where there is none. Made once a stream, not once an item. */
export function eitherSignal(a: AbortSignal, b: AbortSignal | undefined): AbortSignal;
export function eitherSignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined;
export function eitherSignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  return AbortSignal.any([a, b]);
}
