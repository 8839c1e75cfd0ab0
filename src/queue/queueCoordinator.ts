import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Queue, QueueEvents } from 'bullmq';
import { ModelError, RareflowError, UsageError } from '../errors.js';
import type { ChatRequest, Completion } from '../llm/chatModel.js';
import { AttemptError } from '../llm/failures/attemptError.js';
import type { RemoteModelOptions } from '../llm/remoteAttempts.js';
import { onAbort } from '../util/abort.js';
import { packageVersion } from '../util/version.js';
import type { RedisAddress } from './address.js';
import { callId } from './callId.js';
import { KEY_PREFIX, type QueueKeys } from './keys.js';
import { LostWorkers } from './lostWorkers.js';
import { loadQueuePackages } from './packages.js';
import { QueueOutage } from './queueOutage.js';
import { RedisControl } from './redisControl.js';
import { BEAT_MS, type CoordinatorState, coordinatorIn, LEASE_MS, LOST_AFTER_MS, Registry } from './registry.js';
import { answerOf, type QueuedCall, type Reply, readReply } from './reply.js';
import { CLOSE_PATIENCE_MS, within } from './within.js';

export interface CallQueueOptions {
  /** The address of Redis. */
  queue: string;
  queueName?: string | undefined;
  password?: string | undefined;
  /** Redis that is away or full, and a queue without workers, stop the run after this many seconds. */
  timeoutSeconds?: number | undefined;
  /** The version of rareflow, which the workers must have too. */
  version?: string | undefined;
}

/** A call that waits for its reply. */
interface PendingCall {
  settle: (reply: Reply) => void;
  fail: (error: Error) => void;
  addedMs: number;
  /** Looks in a row at which it was begun and nobody held its lock. */
  unheld: number;
  /** The worker that began it: the engine writes another name once it was lost. */
  worker: string | undefined;
}

/** A reply stays in Redis for 5 s after it was given: by then the cache has it on disk. */
const KEPT_MS = 5000;
/** Calls older than this are looked up each second: the engine's events get lost around reconnections. */
const SWEEP_AFTER_MS = 3000;
const MAX_SWEPT = 5000;
/** Looks without a lock after which a call is lost. */
const MAX_UNHELD = 3;
/** Replies that no coordinator took are kept for a day. */
const KEEP_UNTAKEN = { age: 86_400 };
/** The engine's events hold the answers once more, so few are kept. */
const MAX_EVENTS = 2000;
const WORKER_LOST = 'its worker was lost';

/** The coordinator's end of a queue. */
export class QueueCoordinator {
  readonly model: string;
  readonly #concurrency: number;
  readonly #name: string;
  readonly #keys: QueueKeys;
  readonly #address: RedisAddress;
  readonly #onNotice: (message: string) => void;
  readonly #version: string;
  readonly #me: CoordinatorState = { id: randomUUID(), host: os.hostname(), pid: process.pid };
  readonly #pending = new Map<string, PendingCall>();
  /** Calls that an earlier coordinator left with an answer, or in flight at a worker. */
  readonly #adoptable = new Set<string>();
  /** Replies that were given, by the time: they may go once the cache has them. */
  readonly #given = new Map<string, number>();
  readonly #lost: LostWorkers;
  #opening: Promise<void> | undefined;
  #queue: Queue<QueuedCall, Reply> | undefined;
  #events: QueueEvents | undefined;
  #control: RedisControl | undefined;
  #registry: Registry | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  readonly #outage: QueueOutage;
  #isFull = false;
  #workers = 0;
  #saidSlots = 0;
  /** Set once no call may be begun any more. */
  #leaving: Error | undefined;
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    { queueName = 'calls', timeoutSeconds = 1800, version = packageVersion() }: CallQueueOptions,
    { address, keys, remote }: { address: RedisAddress; keys: QueueKeys; remote: RemoteModelOptions },
  ) {
    this.model = remote.model;
    this.#concurrency = remote.concurrency;
    this.#name = queueName;
    this.#keys = keys;
    this.#address = address;
    this.#onNotice = remote.onNotice;
    this.#version = version;
    this.#lost = new LostWorkers(remote.onNotice);
    this.#outage = new QueueOutage({
      ...{ name: queueName, model: remote.model, redis: address.label },
      ...{ timeoutMs: timeoutSeconds * 1000, onNotice: remote.onNotice },
    });
  }

  /**
   * Connects, checks Redis and the workers, and takes the name of the queue.
   *
   * @throws UsageError for a login or a policy that is refused, workers of another model or version, and a second coordinator;
   *   ModelError if Redis was away for longer than the timeout
   */
  join(): Promise<void> {
    this.#opening ??= this.#open().catch((error: Error) => {
      if (error instanceof RareflowError) throw error;
      const hint = 'run again to resume once it is there';
      throw new ModelError(`Redis at ${this.#address.label} failed: ${error.message}`, { hint, cause: error });
    });
    return this.#opening;
  }

  async complete(
    request: ChatRequest,
    remote: RemoteModelOptions,
    signal: AbortSignal | undefined,
  ): Promise<Completion> {
    const { onRefused } = remote;
    await this.join();
    for (;;) {
      signal?.throwIfAborted();
      if ((this.#ended ?? this.#leaving) !== undefined) throw this.#ended ?? this.#leaving;
      const reply = await this.#ask(request, remote, signal);
      for (let probe = 0; probe < (reply.probes ?? 0); probe += 1) onRefused(request.stage);
      if (!('returned' in reply)) return answerOf(reply);
      if (reply.returned === 'refused') onRefused(request.stage);
      if (reply.returned === 'unknown')
        throw this.#lostCall('Redis was started again while it was queued or in flight');
    }
  }

  /** Rejects the calls that no worker has begun, and all if nobody is there to answer. */
  leave(): void {
    this.#leaving = new ModelError('the run was stopped before this call was made', { hint: 'run again to resume' });
    this.#dropUnbegun(this.#leaving);
  }

  #dropUnbegun(error: Error): void {
    if (this.#outage.isOn || this.#workers === 0) {
      this.#end(error);
      return;
    }
    for (const [id, call] of this.#pending) {
      this.#queue?.remove(id).then(
        (removed) => {
          if (removed === 1 && this.#pending.delete(id)) call.fail(error);
        },
        () => {}, // a worker has begun it
      );
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Queues a call, or takes up one that an earlier coordinator left, and waits for its reply. */
  async #ask(request: ChatRequest, remote: RemoteModelOptions, signal: AbortSignal | undefined): Promise<Reply> {
    const { shape, attemptTimeoutMs } = remote;
    const id = this.#freeId(callId(this.model, request, shape));
    let offAbort = () => {};
    const replied = new Promise<Reply>((settle, fail) => {
      const call = { settle, fail, addedMs: Date.now(), unheld: 0, worker: undefined };
      this.#pending.set(id, call);
      if (signal !== undefined) {
        offAbort = onAbort(signal, () => {
          if (this.#pending.delete(id)) fail(signal.reason);
        });
      }
    });
    replied.catch(() => {});
    try {
      if (this.#adoptable.delete(id)) await this.#lookAt([id]).catch(() => {});
      else void this.#add(id, { request, shape, attemptTimeoutMs });
      return await replied;
    } finally {
      offAbort();
    }
  }

  #freeId(id: string): string {
    for (let copy = 1; ; copy += 1) {
      const candidate = copy === 1 ? id : `${id}-${copy}`;
      if (!this.#pending.has(candidate)) return candidate;
    }
  }

  /** Adds a call; while Redis is full, again and again. The engine waits by itself while Redis is away. */
  async #add(id: string, call: Omit<QueuedCall, 'redisLife'>): Promise<void> {
    try {
      // The engine ignores a call whose id it knows.
      if (this.#given.has(id)) await this.#forget([id]);
      while (this.#pending.has(id)) {
        const redisLife = (await this.#control?.life()) ?? '';
        try {
          const keep = { removeOnComplete: KEEP_UNTAKEN, removeOnFail: KEEP_UNTAKEN };
          await this.#queue?.add('call', { ...call, redisLife }, { jobId: id, ...keep });
          if (!this.#pending.has(id)) await this.#queue?.remove(id);
          return;
        } catch (error) {
          if (!isFull(error)) throw error;
          this.#isFull = true;
          await new Promise((next) => setTimeout(next, BEAT_MS).unref());
        }
      }
    } catch (error) {
      if (this.#closing !== undefined) return;
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      pending?.fail(
        new AttemptError('reset', {
          host: this.#address.label,
          serverMessage: (error as Error).message,
          billingUnknown: true,
          cause: error,
        }),
      );
    }
  }

  async #open(): Promise<void> {
    const packages = await loadQueuePackages();
    this.#control = new RedisControl(packages, this.#address);
    this.#registry = new Registry(this.#control.client, this.#keys);
    this.#timer = setInterval(() => void this.#look(), BEAT_MS);
    const control = this.#control;
    await this.#untilItWorks(async () => {
      await this.#untilReachable(control);
      await this.#takeLease();
      await this.#checkIdentity();
    });
    const connection = { ...this.#address.connection, maxRetriesPerRequest: null };
    const common = { connection, prefix: KEY_PREFIX };
    this.#queue = new packages.Queue(this.#name, { ...common, streams: { events: { maxLen: MAX_EVENTS } } });
    this.#events = new packages.QueueEvents(this.#name, common);
    // `#look` notices that Redis is away.
    this.#queue.on('error', () => {});
    this.#events.on('error', () => {});
    this.#events.on('completed', ({ jobId, returnvalue }) => this.#replied(jobId, returnvalue));
    this.#events.on('failed', ({ jobId, failedReason }) => void this.#failed([[jobId, failedReason]]));
    await Promise.all([this.#queue.waitUntilReady(), this.#events.waitUntilReady()]);
    await this.#untilItWorks(() => this.#adopt());
  }

  /** Takes a step of joining again and again while Redis fails; throws after the timeout. */
  async #untilItWorks(step: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await step();
        return;
      } catch (error) {
        this.#noteFailure(error as Error);
        if (this.#ended !== undefined) throw this.#ended;
        await new Promise((next) => setTimeout(next, BEAT_MS / 2));
      }
    }
  }

  async #untilReachable(control: RedisControl): Promise<void> {
    for (;;) {
      if (this.#ended !== undefined) throw this.#ended;
      if (control.refusal !== undefined) throw control.refusal;
      const pause = new Promise<undefined>((next) => setTimeout(() => next(undefined), 100));
      if ((await Promise.race([control.life(), pause])) === undefined) continue;
      if (control.refusal !== undefined) throw control.refusal;
      return;
    }
  }

  /** Takes the name of the queue, once a coordinator that died has been silent for long enough. */
  async #takeLease(): Promise<void> {
    const untilMs = Date.now() + LEASE_MS + 2 * BEAT_MS;
    const first = await this.#registry?.lease(this.#me);
    for (let holder = first; holder !== undefined; holder = await this.#registry?.lease(this.#me)) {
      const { host, pid } = coordinatorIn(holder) ?? {};
      if (holder !== first || Date.now() > untilMs) {
        throw new UsageError(`another coordinator (process ${pid} on ${host}) uses the queue ${this.#name}`, {
          hint: 'give each run a queue of its own: --queue-name',
        });
      }
      await new Promise((next) => setTimeout(next, BEAT_MS / 2));
    }
  }

  async #checkIdentity(): Promise<void> {
    const mine = { model: this.model, version: this.#version };
    const { identity } = (await this.#registry?.beat(mine)) ?? { identity: mine };
    if (identity.model === mine.model && identity.version === mine.version) return;
    throw new UsageError(
      `the workers of the queue ${this.#name} serve ${identity.model} by rareflow ${identity.version}, and this run asks ${mine.model} by ${mine.version}`,
      { hint: 'name another queue with --queue-name, or stop those workers first' },
    );
  }

  /** Notes what an earlier coordinator left: answers and calls in flight are taken up, the rest is asked again if it is needed. */
  async #adopt(): Promise<void> {
    const queue = this.#queue as Queue;
    await queue.drain();
    const failed = await queue.getRanges(['failed']);
    await this.#forget(failed);
    for (const id of await queue.getRanges(['completed', 'active'])) this.#adoptable.add(id);
    if (this.#adoptable.size > 0) {
      this.#onNotice(
        `the queue ${this.#name} holds ${this.#adoptable.size} calls of an earlier start; those that are needed are not made again`,
      );
    }
  }

  #replied(id: string, value: unknown): void {
    const call = this.#pending.get(id);
    const reply = readReply(value);
    if (call === undefined || reply === undefined) return;
    this.#pending.delete(id);
    this.#given.set(id, Date.now());
    call.settle(reply);
  }

  /** Ends calls that the engine gave up: their workers were lost. The coordinator asks again, because the bill is unknown. */
  async #failed(failures: [id: string, reason: string][]): Promise<void> {
    const known = failures.filter(([id]) => this.#pending.has(id));
    if (known.length === 0) return;
    const ended = known.map(([id, reason]): [string, string, PendingCall | undefined] => {
      const call = this.#pending.get(id);
      this.#pending.delete(id);
      this.#given.set(id, Date.now());
      return [id, reason, call];
    });
    for (const [id, reason, call] of ended) {
      const worker = call?.worker;
      // A call that its worker had begun is in the engine's lists, and would hide the next one of its id.
      if (reason === WORKER_LOST) await this.#queue?.remove(id).catch(() => {});
      if (worker) this.#lost.askAgain(worker);
      call?.fail(this.#lostCall(worker ? `the worker ${worker} was lost` : reason));
    }
  }

  #lostCall(serverMessage: string): AttemptError {
    return new AttemptError('timeout', { host: this.#address.label, serverMessage, billingUnknown: true });
  }

  /** Once a second: gives a sign of life, looks for lost workers and lost calls, and drops replies that were given. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#closing !== undefined) return;
    this.#isLooking = true;
    try {
      await this.#lookAround();
      if (this.#control?.refusal !== undefined) this.#end(this.#control.refusal);
    } catch (error) {
      this.#noteFailure(error as Error);
    } finally {
      this.#isLooking = false;
    }
  }

  /** An error of ours ends the run; every other is one of Redis, which is waited for. */
  #noteFailure(error: Error): void {
    if (isFull(error)) this.#isFull = true;
    try {
      if (error instanceof RareflowError) throw error;
      this.#outage.redisFails(
        this.#isFull ? 'is full' : `cannot be used (${this.#control?.lastError || error.message})`,
      );
    } catch (end) {
      this.#end(end as Error);
    }
  }

  async #lookAround(): Promise<void> {
    const { client } = this.#control as RedisControl;
    if (client.status !== 'ready') throw new Error('no connection');
    if (this.#queue === undefined) return;
    const nowMs = Date.now();
    // First what frees memory, then what needs some.
    await this.#forget([...this.#given].filter(([, ms]) => nowMs - ms >= KEPT_MS).map(([id]) => id));
    const old = [...this.#pending].filter(([, { addedMs }]) => nowMs - addedMs >= SWEEP_AFTER_MS);
    await this.#lookAt(old.slice(0, MAX_SWEPT).map(([id]) => id));
    const registry = this.#registry as Registry;
    const holder = await registry.lease(this.#me);
    if (holder !== undefined) throw new ModelError(`another coordinator took the queue ${this.#name}`);
    await registry.beat({ model: this.model, version: this.#version });
    const workers = await registry.workers();
    // After a pause of Redis all workers have been silent.
    if (nowMs - this.#outage.lastRedisMs > LOST_AFTER_MS) this.#lost.note(workers, LOST_AFTER_MS);
    const working = workers.filter(({ silentMs }) => silentMs < LOST_AFTER_MS);
    this.#workers = working.length;
    this.#isFull = false;
    if (this.#leaving !== undefined) this.#dropUnbegun(this.#leaving);
    if (this.#workers === 0 && this.#pending.size > 0) this.#outage.noWorker();
    else this.#outage.end();
    this.#adviseSlots(working.reduce((sum, { slots }) => sum + slots, 0));
  }

  /** Says once if the run cannot fill the slots: the workers then wait between calls. */
  #adviseSlots(slots: number): void {
    const feed = Math.ceil(1.5 * slots);
    if (slots <= this.#saidSlots || this.#concurrency >= feed) return;
    this.#saidSlots = slots;
    this.#onNotice(
      `the workers of the queue ${this.#name} have ${slots} slots: --concurrency ${feed} keeps them all busy`,
    );
  }

  /** Looks calls up in Redis: takes their replies, and ends those that were lost. */
  async #lookAt(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    const batch = (this.#control as RedisControl).client.pipeline();
    for (const id of ids) {
      batch.hmget(this.#keys.job(id), 'timestamp', 'finishedOn', 'returnvalue', 'failedReason', 'processedOn', 'pb');
      batch.exists(this.#keys.lock(id));
    }
    const results = (await batch.exec()) ?? [];
    const failures: [string, string][] = [];
    ids.forEach((id, index) => {
      const [error, fields] = results[2 * index] ?? [];
      if (error) throw error;
      const [timestamp, finishedOn, value, failedReason, processedOn, worker] = fields as (string | null)[];
      const isLocked = results[2 * index + 1]?.[1] === 1;
      const call = this.#pending.get(id);
      if (call === undefined) return;
      call.worker ??= worker ?? undefined;
      if (timestamp === null) failures.push([id, 'Redis has lost the call']);
      else if (finishedOn && value !== null) this.#replied(id, value);
      else if (finishedOn) failures.push([id, failedReason ?? 'it failed']);
      else if (processedOn && !isLocked) {
        call.unheld += 1;
        if (call.unheld >= MAX_UNHELD) failures.push([id, WORKER_LOST]);
      } else call.unheld = 0;
    });
    await this.#failed(failures);
  }

  /** Removes calls and their replies from Redis. */
  async #forget(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    const { client } = this.#control as RedisControl;
    const results = await client
      .pipeline()
      .zrem(this.#keys.completed, ...ids)
      .zrem(this.#keys.failed, ...ids)
      .del(...ids.map((id) => this.#keys.job(id)))
      .exec();
    for (const [error] of results ?? []) if (error) throw error;
    for (const id of ids) this.#given.delete(id);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const call of this.#pending.values()) call.fail(this.#ended);
    this.#pending.clear();
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer);
    this.#lost.sayAll();
    if (this.#control?.client.status === 'ready') {
      await within(CLOSE_PATIENCE_MS, this.#forget([...this.#given.keys()]));
      await within(CLOSE_PATIENCE_MS, this.#registry?.release(this.#me));
    }
    await within(CLOSE_PATIENCE_MS, Promise.all([this.#queue?.close(), this.#events?.close()]));
    await within(CLOSE_PATIENCE_MS, Promise.all([this.#queue?.disconnect(), this.#events?.disconnect()]));
    this.#control?.close();
  }
}

/** Returns true for the error of a Redis that has reached its maxmemory. */
function isFull(error: unknown): boolean {
  return error instanceof Error && /^OOM\b|\bOOM command not allowed/.test(error.message);
}
