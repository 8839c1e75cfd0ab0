import type { Redis } from 'ioredis';
import { isRecord } from '../record.js';
import type { QueueKeys } from './keys.js';

/** The pause between two signs of life, in milliseconds. */
export const BEAT_MS = 1000;
/** A worker without a sign for this long is lost: its calls are asked again. */
export const LOST_AFTER_MS = 5000;
/** The name of a queue is free when its coordinator has shown no sign for this long. */
export const LEASE_MS = 8000;
const IDENTITY_MS = 15_000;
const DRAIN_S = 60;

/** The facts that all who use a queue must agree on. */
export interface QueueIdentity {
  model: string;
  version: string;
}

/** The state of a worker, which it writes once a second. */
export interface WorkerState {
  /** Host and process: `gpu3:4711`. */
  name: string;
  host: string;
  pid: number;
  model: string;
  version: string;
  slots: number;
  inFlight: number;
  /** All calls so far. */
  calls: number;
  callsPerSecond: number;
  /** The reason that it takes no calls now. */
  held?: string | undefined;
  draining: boolean;
}

/** A worker as it was last heard of. */
export interface SeenWorker extends WorkerState {
  /** The time since its last sign, by the clock of Redis. */
  silentMs: number;
}

export interface CoordinatorState {
  /** Another at each start. */
  id: string;
  host: string;
  pid: number;
}

// Each writes what Redis may have lost, as after FLUSHALL, and leaves what another one has written.
const BEAT = `
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
local identity = redis.call('GET', KEYS[1])
if identity == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  if ARGV[3] ~= '' then
    local now = redis.call('TIME')
    redis.call('HSET', KEYS[2], ARGV[3], string.format('%d ', now[1] * 1000 + math.floor(now[2] / 1000)) .. ARGV[4])
  end
end
return { identity, redis.call('EXISTS', KEYS[3]), redis.call('EXISTS', KEYS[4]) }`;
const LEASE = `
local holder = redis.call('GET', KEYS[1])
if holder and string.sub(holder, 1, #ARGV[1]) ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return ''`;
const RELEASE = `
local holder = redis.call('GET', KEYS[1])
if holder and string.sub(holder, 1, #ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** Those who use a queue, as Redis keeps them: the coordinator, the workers, and what they agree on. */
export class Registry {
  readonly #redis: Redis;
  readonly #keys: QueueKeys;
  #beats = 0;

  constructor(redis: Redis, keys: QueueKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /**
   * Gives a sign of life; returns the identity of the queue, which is another one if it serves another model or version, and
   * whether the worker shall leave.
   */
  async beat(mine: QueueIdentity, worker?: WorkerState): Promise<{ identity: QueueIdentity; drains: boolean }> {
    const { identity, workers, drain } = this.#keys;
    const { name = '', host = '' } = worker ?? {};
    const [found, ofHost, ofName] = (await this.#redis.eval(
      ...([BEAT, 4, identity, workers, drain(host), drain(name)] as const),
      ...[JSON.stringify(mine), IDENTITY_MS, name, JSON.stringify(worker ?? {})],
    )) as [string, number, number];
    return { identity: JSON.parse(found), drains: ofHost + ofName > 0 };
  }

  /** Takes or renews the lease of the coordinator; returns the state of another one that holds it, as text. */
  async lease({ id, ...rest }: CoordinatorState): Promise<string | undefined> {
    this.#beats += 1;
    const state = JSON.stringify({ ...rest, beat: this.#beats });
    const holder = await this.#redis.eval(LEASE, 1, this.#keys.coordinator, `${id} `, state, LEASE_MS);
    return holder === '' ? undefined : String(holder);
  }

  async release({ id }: CoordinatorState): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#keys.coordinator, `${id} `);
  }

  async coordinator(): Promise<Omit<CoordinatorState, 'id'> | undefined> {
    return coordinatorIn((await this.#redis.get(this.#keys.coordinator)) ?? '');
  }

  /** Returns the workers, those that were lost among them. */
  async workers(): Promise<SeenWorker[]> {
    const [entries, [seconds, micros]] = await Promise.all([
      this.#redis.hgetall(this.#keys.workers),
      this.#redis.time() as unknown as Promise<[number, number]>,
    ]);
    const nowMs = Number(seconds) * 1000 + Number(micros) / 1000;
    return Object.values(entries)
      .flatMap((entry) => seenWorker(entry, nowMs))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  async leave(name: string): Promise<void> {
    await this.#redis.hdel(this.#keys.workers, name);
  }

  /** Asks the workers of a host, or one worker by its name, to finish their calls and leave. */
  async drain(host: string): Promise<void> {
    await this.#redis.set(this.#keys.drain(host), '1', 'EX', DRAIN_S);
  }
}

function seenWorker(entry: string, nowMs: number): SeenWorker[] {
  const [, beatMs, state = ''] = /^(\d+) (.*)$/s.exec(entry) ?? [];
  try {
    const read = JSON.parse(state);
    return isRecord(read)
      ? [{ ...(read as unknown as WorkerState), silentMs: Math.max(0, nowMs - Number(beatMs)) }]
      : [];
  } catch {
    return [];
  }
}

/** Reads the state of a coordinator from what `lease` returns. */
export function coordinatorIn(holder: string): Omit<CoordinatorState, 'id'> | undefined {
  try {
    return JSON.parse(holder.slice(holder.indexOf(' ') + 1));
  } catch {
    return undefined;
  }
}
