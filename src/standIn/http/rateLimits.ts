import type { LimitState } from '../profiles/profile.js';

export interface RateLimitOptions {
  /** Requests a minute. */
  requestsPerMinute?: number | undefined;
  /** Tokens a minute, those of prompts and answers together. */
  tokensPerMinute?: number | undefined;
  /** How many seconds' worth a full bucket holds (60). */
  burstSeconds?: number | undefined;
}

interface Bucket {
  kind: LimitState['kind'];
  limit: number;
  capacity: number;
  perMs: number;
  level: number;
  atMs: number;
}

/** A call that found a bucket too empty: how long until it would not; Infinity for one that is heavier than the bucket. */
export interface Shortage {
  kind: LimitState['kind'];
  limit: number;
  used: number;
  requested: number;
  waitMs: number;
}

/** Token buckets of requests and of tokens, which fill evenly. They start full. Times are the caller's, in milliseconds. */
export class RateLimits {
  readonly #buckets: Bucket[] = [];

  constructor({ requestsPerMinute, tokensPerMinute, burstSeconds = 60 }: RateLimitOptions) {
    for (const [kind, limit] of [['requests', requestsPerMinute] as const, ['tokens', tokensPerMinute] as const]) {
      if (limit === undefined) continue;
      const capacity = Math.max(1, (limit * burstSeconds) / 60);
      this.#buckets.push({ kind, limit, capacity, perMs: limit / 60_000, level: capacity, atMs: 0 });
    }
  }

  /** Takes a request and its tokens, or takes nothing and says what is short for longest. */
  take(tokens: number, nowMs: number): Shortage | undefined {
    let worst: Shortage | undefined;
    for (const bucket of this.#buckets) {
      fill(bucket, nowMs);
      const { kind, limit, capacity, level, perMs } = bucket;
      const requested = kind === 'requests' ? 1 : tokens;
      const waitMs = requested > capacity ? Number.POSITIVE_INFINITY : Math.ceil((requested - level) / perMs);
      const used = Math.round(limit - (level * limit) / capacity);
      if (level < requested && waitMs > (worst?.waitMs ?? 0)) worst = { kind, limit, used, requested, waitMs };
    }
    if (worst !== undefined) return worst;
    for (const bucket of this.#buckets) bucket.level -= bucket.kind === 'requests' ? 1 : tokens;
    return undefined;
  }

  /** Puts the difference right between the tokens taken and those used. */
  settle(takenTokens: number, usedTokens: number): void {
    for (const bucket of this.#buckets) {
      if (bucket.kind === 'tokens') bucket.level = Math.min(bucket.capacity, bucket.level + takenTokens - usedTokens);
    }
  }

  states(nowMs: number): LimitState[] {
    return this.#buckets.map((bucket) => {
      fill(bucket, nowMs);
      const { kind, limit, capacity, level, perMs } = bucket;
      return { kind, limit, remaining: Math.max(0, Math.floor(level)), resetMs: (capacity - level) / perMs };
    });
  }
}

function fill(bucket: Bucket, nowMs: number): void {
  bucket.level = Math.min(bucket.capacity, bucket.level + (nowMs - bucket.atMs) * bucket.perMs);
  bucket.atMs = nowMs;
}
