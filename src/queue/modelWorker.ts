import os from 'node:os';
import type { Job, Worker } from 'bullmq';
import { type ModelError, type RareflowError, UsageError } from '../errors.js';
import type { ChatModel } from '../llm/chatModel.js';
import { AttemptError } from '../llm/failures/attemptError.js';
import { classify } from '../llm/failures/classify.js';
import { EndpointHealth } from '../llm/middleware/endpointHealth.js';
import type { RequestShape } from '../llm/remoteAttempts.js';
import { LruCache } from '../util/lru.js';
import { packageVersion } from '../util/version.js';
import { type RedisAddress, redisAddress } from './address.js';
import { KEY_PREFIX, queueKeys } from './keys.js';
import { loadQueuePackages } from './packages.js';
import { RedisControl } from './redisControl.js';
import { BEAT_MS, Registry, type WorkerState } from './registry.js';
import { type QueuedCall, type Reply, replyOf } from './reply.js';
import { CLOSE_PATIENCE_MS, within } from './within.js';

/** A model of this worker for requests of one shape: it makes single attempts. */
export interface WorkerModel extends ChatModel {
  close?(): Promise<void>;
}

export interface ModelWorkerOptions {
  /** The address of Redis. */
  queue: string;
  queueName: string;
  password?: string | undefined;
  model: string;
  /** The calls that it makes at once. */
  slots: number;
  /**
   * Makes the model for requests of a shape, with the time that a run gives an attempt; `onProbe` counts requests that only find
   * out what the server refuses.
   */
  connect(shape: RequestShape, more: { attemptTimeoutMs: number; onProbe: () => void }): WorkerModel;
  onNotice?: ((message: string) => void) | undefined;
  /** The version of rareflow; the coordinator must have the same. */
  version?: string | undefined;
  host?: string | undefined;
  /** The pause before a failing server is tried again, in milliseconds; it doubles with each failure. */
  probeDelayMs?: number | undefined;
}

/** A server is tried by one call at a time after this many faults in a row: other workers do the work meanwhile. */
const TRIPS_IN_A_ROW = 3;
const LOCK_MS = 5000;
const STALLED_INTERVAL_MS = 2500;
/** Shapes of requests that are kept connected: a run has one for each stage. */
const MAX_SHAPES = 20;

/**
 * A worker of a queue: it pulls calls, makes one attempt of each at its own server, and puts the answer back. The gate is here:
 * while its server is down or limits it, it pulls nothing and hands back what was not sent.
 */
export class ModelWorker {
  readonly #options: ModelWorkerOptions;
  readonly #address: RedisAddress;
  readonly #health: EndpointHealth;
  readonly #models = new LruCache<string, WorkerModel>({ maxWeight: MAX_SHAPES });
  readonly #left = deferred();
  readonly name: string;
  readonly #host: string;
  readonly #onNotice: (message: string) => void;
  #worker: Worker | undefined;
  #control: RedisControl | undefined;
  #registry: Registry | undefined;
  #timer: NodeJS.Timeout | undefined;
  #paused = false;
  #leaving = false;
  #inFlight = 0;
  #calls = 0;
  #probes = 0;
  #recentCalls: number[] = [];
  #error: RareflowError | undefined;
  #wasAway = false;

  constructor(options: ModelWorkerOptions) {
    this.#options = options;
    this.#address = redisAddress(options.queue, options.password);
    this.#host = options.host ?? os.hostname();
    this.name = `${this.#host}:${process.pid}`;
    this.#onNotice = options.onNotice ?? (() => {});
    this.#health = new EndpointHealth({
      ...(options.probeDelayMs !== undefined && { probeDelayMs: options.probeDelayMs }),
      ...{ tripsInARow: TRIPS_IN_A_ROW, othersWork: () => true, onNotice: this.#onNotice },
    });
  }

  /** Joins the queue. Throws UsageError if it serves another model or version, or Redis cannot be used. */
  async join(): Promise<void> {
    const { queueName, slots } = this.#options;
    const keys = queueKeys(queueName);
    const packages = await loadQueuePackages();
    const control = new RedisControl(packages, this.#address);
    this.#control = control;
    this.#registry = new Registry(control.client, keys);
    const slow = setTimeout(() => {
      this.#onNotice(`Redis at ${control.label} cannot be reached (${control.lastError}); waiting for it`);
    }, 3000);
    try {
      for (let isJoined = false; !isJoined; ) {
        await Promise.race([control.life(), this.#refusalOf(control), this.#left.promise]);
        if (this.#leaving) return;
        if (control.refusal !== undefined) throw control.refusal;
        isJoined = await this.#isAccepted(this.#registry);
      }
    } catch (error) {
      control.close();
      throw error;
    } finally {
      clearTimeout(slow);
    }
    const worker = new packages.Worker<QueuedCall, Reply>(queueName, (job) => this.#make(job), {
      connection: { ...this.#address.connection, maxRetriesPerRequest: null },
      ...{ prefix: KEY_PREFIX, name: this.name, concurrency: slots },
      // The engine never sends a call twice: the coordinator decides, because it may have been billed.
      ...{ maxStalledCount: 0, lockDuration: LOCK_MS, stalledInterval: STALLED_INTERVAL_MS },
    });
    worker.on('error', () => {}); // the beat notices that Redis is away
    this.#worker = worker as unknown as Worker;
    await this.#beat();
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
  }

  /** Resolves when the worker has left; rejects with the error that ended it. */
  async left(): Promise<void> {
    await this.#left.promise;
    if (this.#error !== undefined) throw this.#error;
  }

  /** Takes no further call, finishes those in flight, and leaves. */
  async leave(error?: RareflowError): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#error = error;
    const closed = this.#worker?.close();
    while (this.#inFlight > 0) await new Promise((next) => setTimeout(next, 20));
    // Redis may be away: the coordinator asks again for what Redis did not get.
    await within(CLOSE_PATIENCE_MS, closed);
    await within(CLOSE_PATIENCE_MS, this.#worker?.disconnect());
    clearInterval(this.#timer);
    await within(CLOSE_PATIENCE_MS, this.#registry?.leave(this.name));
    this.#control?.close();
    await Promise.all(this.#models.values().map((model) => model.close?.()));
    this.#left.resolve();
  }

  state(): WorkerState {
    const { slots } = this.#options;
    const { held } = this.#health;
    const recent = this.#recentCalls;
    const seconds = Math.max(1, recent.length - 1);
    return {
      ...{ name: this.name, host: this.#host, pid: process.pid, ...this.#identity, slots },
      ...{ inFlight: this.#inFlight, calls: this.#calls },
      callsPerSecond: ((recent.at(-1) ?? 0) - (recent[0] ?? 0)) / seconds,
      ...(held !== undefined && { held: held.reason || 'its server is tried again soon' }),
      draining: this.#leaving,
    };
  }

  get #identity() {
    return { model: this.#options.model, version: this.#options.version ?? packageVersion() };
  }

  async #refusalOf(control: RedisControl): Promise<void> {
    while (control.refusal === undefined && !this.#leaving) await new Promise((next) => setTimeout(next, 100).unref());
  }

  /** Returns false, after a pause, if Redis failed. Throws UsageError if the queue serves another model or version. */
  async #isAccepted(registry: Registry): Promise<boolean> {
    const found = await registry.beat(this.#identity).catch(() => undefined);
    if (found === undefined) await new Promise((next) => setTimeout(next, BEAT_MS / 2));
    else this.#checkIdentity(found.identity);
    return found !== undefined;
  }

  #checkIdentity(found: { model: string; version: string }): void {
    const mine = this.#identity;
    const where = `the queue ${this.#options.queueName} at ${this.#address.label}`;
    if (found.model !== mine.model) {
      throw new UsageError(`${where} serves the model ${found.model}, and this worker has ${mine.model}`, {
        hint: `start it with --model ${found.model}, or name another queue with --queue-name`,
      });
    }
    if (found.version !== mine.version) {
      throw new UsageError(`${where} is used by rareflow ${found.version}, and this worker is ${mine.version}`, {
        hint: `install rareflow@${found.version} here`,
      });
    }
  }

  async #beat(): Promise<void> {
    this.#recentCalls = [...this.#recentCalls.slice(-10), this.#calls];
    try {
      const { identity, drains } = (await this.#registry?.beat(this.#identity, this.state())) ?? {};
      if (this.#wasAway) this.#onNotice(`Redis at ${this.#address.label} answers again`);
      this.#wasAway = false;
      if (identity !== undefined) this.#checkIdentity(identity);
      if (drains) await this.leave();
    } catch (error) {
      if (error instanceof UsageError) return this.leave(error);
      if (this.#wasAway || this.#leaving) return;
      this.#wasAway = true;
      const { lastError } = this.#control ?? {};
      this.#onNotice(
        `Redis at ${this.#address.label} cannot be used (${lastError || (error as Error).message}); waiting for it`,
      );
    }
  }

  async #make({ data }: Job<QueuedCall, Reply>): Promise<Reply> {
    // Redis that lost the end of its log offers calls again that were made before.
    if (data.redisLife !== (await this.#control?.life())) return { returned: 'unknown' };
    if (this.#health.stopped.aborted || this.#health.readyInMs() > 0) {
      this.#gate();
      return { returned: 'not-sent' };
    }
    const probesBefore = this.#probes;
    this.#inFlight += 1;
    try {
      const reply = await this.#attempt(data);
      return this.#probes > probesBefore ? { ...reply, probes: this.#takeProbes() } : reply;
    } finally {
      this.#inFlight -= 1;
      this.#gate();
    }
  }

  #takeProbes(): number {
    const count = this.#probes;
    this.#probes = 0;
    return count;
  }

  async #attempt(call: QueuedCall): Promise<Reply> {
    try {
      const completion = await this.#health.attempt(() => this.#send(call));
      this.#calls += 1;
      return { completion };
    } catch (error) {
      if (!(error instanceof AttemptError)) return replyOf(error);
      if (error.fault === 'connect' || error.fault === 'tls' || error.fault === 'not-sent')
        return { returned: 'not-sent' };
      this.#calls += 1;
      return isFree(error, this.#health.isTripped) ? { returned: 'refused' } : replyOf(error);
    }
  }

  #send({ request, shape, attemptTimeoutMs }: QueuedCall) {
    const key = JSON.stringify([shape, attemptTimeoutMs]);
    let model = this.#models.get(key);
    if (model === undefined) {
      const onProbe = () => {
        this.#probes += 1;
      };
      model = this.#options.connect(shape, { attemptTimeoutMs, onProbe });
      // One that is dropped may have calls in flight: its connections close once they are idle.
      this.#models.set(key, model);
    }
    return model.complete(request);
  }

  /** Stops pulling while the server is held, then lets one call try it if it was down. */
  #gate(): void {
    const worker = this.#worker;
    if (worker === undefined || this.#leaving) return;
    const { stopped } = this.#health;
    if (stopped.aborted) {
      void this.leave(stopped.reason as ModelError);
      return;
    }
    if (!this.#paused && this.#health.readyInMs() > 0) {
      this.#paused = true;
      void worker.pause(true).then(() => this.#resumeWhenReady(worker));
    }
    const concurrency = this.#health.isTripped ? 1 : this.#options.slots;
    if (worker.concurrency !== concurrency) worker.concurrency = concurrency;
  }

  async #resumeWhenReady(worker: Worker): Promise<void> {
    for (let ms = this.#health.readyInMs(); ms > 0 && !this.#leaving; ms = this.#health.readyInMs()) {
      await new Promise((next) => setTimeout(next, Math.min(ms, 1000)).unref());
    }
    if (this.#leaving) return;
    worker.concurrency = this.#health.isTripped ? 1 : this.#options.slots;
    this.#paused = false;
    await worker.resume();
  }
}

/** Returns true for a refusal that is about the server, was not billed, and would not happen elsewhere. */
function isFree(error: AttemptError, isTripped: boolean): boolean {
  if (error.usage !== undefined || error.billingUnknown) return false;
  const { action } = classify(error);
  return ['hold', 'away', 'wait', 'stop'].includes(action) || (isTripped && action === 'retry');
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
