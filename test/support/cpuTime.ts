import assert from 'node:assert/strict';

/** Returns the processor time of a call in milliseconds; a call that throws has ended too. */
export function cpuMs(act: () => unknown): number {
  const { user, system } = process.cpuUsage();
  try {
    act();
  } catch {
    // The time is what counts here.
  }
  const after = process.cpuUsage();
  return (after.user + after.system - user - system) / 1000;
}

/**
 * Fails if reading ten times as much takes more than 15 times as long plus 200 ms, in each of three attempts: other work
 * of the machine and a garbage collection make one attempt slow, a quadratic scan makes all of them slow.
 */
export function assertLinear(readLength: (length: number) => unknown, small: number, what: string): void {
  let said = '';
  for (let attempt = 0; attempt < 3; attempt++) {
    const largeMs = cpuMs(() => readLength(10 * small));
    if (largeMs <= 200) return;
    const smallMs = cpuMs(() => readLength(small));
    if (largeMs <= 15 * smallMs + 200) return;
    said = `${what}: ${smallMs} ms, at ten times the length ${largeMs} ms`;
  }
  assert.fail(said);
}
