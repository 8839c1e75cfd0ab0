import type { RateLimitState } from '../profiles/serverProfile.js';

export interface RateLimitOptions {
  requestsPerMinute?: number | undefined;
  /** The tokens of prompts and answers together. */
  tokensPerMinute?: number | undefined;
  /** The seconds' worth that a full bucket holds. */
  burstSeconds: number;
}

interface LimitBucket {
  kind: RateLimitState['kind'];
  limit: number;
  capacity: number;
  perMs: number;
  level: number;
  atMs: number;
}

/** The reason that a bucket refuses a call, and the time until it holds enough; Infinity if the call takes more than a full bucket. */
export interface Shortage {
  kind: RateLimitState['kind'];
  limit: number;
  used: number;
  requested: number;
  waitMs: number;
}

/** Token buckets for requests and for tokens. They start full and fill evenly. The caller gives the time, in milliseconds. */
export class RateLimits {
  readonly #buckets: LimitBucket[] = [];

  constructor({ requestsPerMinute, tokensPerMinute, burstSeconds }: RateLimitOptions) {
    for (const [kind, limit] of [['requests', requestsPerMinute] as const, ['tokens', tokensPerMinute] as const]) {
      if (limit === undefined) continue;
      const capacity = Math.max(1, (limit * burstSeconds) / 60);
      this.#buckets.push({ kind, limit, capacity, perMs: limit / 60_000, level: capacity, atMs: 0 });
    }
  }

  /** Takes a request and its tokens, or takes nothing and returns the shortage that lasts longest. */
  take(tokens: number, nowMs: number): Shortage | undefined {
    let worst: Shortage | undefined;
    for (const bucket of this.#buckets) {
      refill(bucket, nowMs);
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

  /** Corrects the bucket by the difference between the tokens taken and those used. */
  settle(takenTokens: number, usedTokens: number): void {
    for (const bucket of this.#buckets) {
      if (bucket.kind === 'tokens') bucket.level = Math.min(bucket.capacity, bucket.level + takenTokens - usedTokens);
    }
  }

  states(nowMs: number): RateLimitState[] {
    return this.#buckets.map((bucket) => {
      refill(bucket, nowMs);
      const { kind, limit, capacity, level, perMs } = bucket;
      return { kind, limit, remaining: Math.max(0, Math.floor(level)), resetMs: (capacity - level) / perMs };
    });
  }
}

function refill(bucket: LimitBucket, nowMs: number): void {
  bucket.level = Math.min(bucket.capacity, bucket.level + (nowMs - bucket.atMs) * bucket.perMs);
  bucket.atMs = nowMs;
}
