const DURATION_UNIT_MS: Record<string, number> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:us|µs|ms|s|m|h|d))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)/g;

/**
 * Returns the milliseconds until the time that a rate header names: `12ms`, `7.66s`, `6m0s`, `1h2m`, plain seconds, epoch
 * seconds or milliseconds, an HTTP or ISO date. Undefined for values that cannot be read or mean nothing: 0, −1, the past.
 */
export function parseDelayMs(value: string, nowEpochMs: number): number | undefined {
  const text = value.trim();
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return positive(numberDelayMs(Number(text), nowEpochMs));
  if (DURATION.test(text)) {
    let total = 0;
    for (const [, amount, unit] of text.matchAll(DURATION_PART))
      total += Number(amount) * (DURATION_UNIT_MS[unit ?? ''] ?? 0);
    return positive(total);
  }
  if (!text.includes(':')) return undefined;
  return positive(Date.parse(text) - nowEpochMs);
}

function numberDelayMs(value: number, nowEpochMs: number): number {
  if (value > 1e12) return value - nowEpochMs;
  if (value > 1e9) return value * 1000 - nowEpochMs;
  return value * 1000;
}

function positive(ms: number): number | undefined {
  return ms > 0 ? ms : undefined;
}

/**
 * Returns the time to wait that an answer asks for, in milliseconds: `retry-after-ms`, else `retry-after`, else the longest
 * reset of a limit that is used up (`x-ratelimit-remaining-…: 0`), else undefined.
 */
export function retryAfterMs(header: (name: string) => string | undefined, nowEpochMs: number): number | undefined {
  const exact = positive(Number(header('retry-after-ms')));
  if (exact !== undefined) return exact;
  const after = header('retry-after');
  const hinted = after === undefined ? undefined : parseDelayMs(after, nowEpochMs);
  if (hinted !== undefined) return hinted;
  let longest: number | undefined;
  for (const limit of ['-requests', '-tokens', '']) {
    const reset = header(`x-ratelimit-reset${limit}`);
    if (reset === undefined || header(`x-ratelimit-remaining${limit}`) !== '0') continue;
    const ms = parseDelayMs(reset, nowEpochMs);
    if (ms !== undefined && (longest === undefined || ms > longest)) longest = ms;
  }
  return longest;
}

/** A limit a minute, as the headers of an answer report it. */
export interface RateState {
  limit: number;
  remaining?: number | undefined;
  /** Milliseconds until the whole limit is available again. */
  resetMs?: number | undefined;
}

export interface RateStates {
  requests?: RateState | undefined;
  tokens?: RateState | undefined;
}

/** Reads `x-ratelimit-limit-…`, `-remaining-…` and `-reset-…` of requests and tokens; ignores a limit under 1. */
export function readRates(header: (name: string) => string | undefined, nowEpochMs: number): RateStates {
  const read = (unit: string): RateState | undefined => {
    const limit = Number(header(`x-ratelimit-limit-${unit}`));
    if (!(limit >= 1)) return undefined;
    const remaining = Number(header(`x-ratelimit-remaining-${unit}`) ?? -1);
    const reset = header(`x-ratelimit-reset-${unit}`);
    return {
      limit,
      remaining: remaining >= 0 ? remaining : undefined,
      resetMs: reset === undefined ? undefined : parseDelayMs(reset, nowEpochMs),
    };
  };
  return { requests: read('requests'), tokens: read('tokens') };
}

/**
 * Returns how long to hold, in milliseconds, until a server has `need` again of what it limits, and at least a second's
 * worth: what is missing comes back at the limit's rate, and no later than the reset. 0 if enough remains or it is unknown.
 */
export function shortageMs({ limit, remaining, resetMs }: RateState, need: number): number {
  if (remaining === undefined || resetMs === undefined) return 0;
  const missing = Math.max(need, limit / 60) - remaining;
  return missing > 0 ? Math.min(resetMs, (missing / limit) * 60_000) : 0;
}
