import { ModelError, UsageError } from '../errors.js';
import type { ChatModel } from './chatModel.js';
import { type LaneOptions, type OpenLane, openLanes } from './connectEndpoints.js';
import { type Prices, priceOf } from './cost/prices.js';
import { Budget, type BudgetOptions } from './middleware/budget.js';
import { cache } from './middleware/cache.js';
import { Endpoint } from './middleware/endpointHealth.js';
import { route } from './middleware/loadBalance.js';
import { limit } from './middleware/rateLimit.js';
import { type RetryOptions, retry } from './middleware/retry.js';
import { endTogether } from './middleware/settleBeforeFailing.js';
import { type UsageMeter, type UsageSnapshot, usageMeter } from './middleware/usage.js';
import { type OfflineModelOptions, offlineModel } from './offline/offlineModel.js';

/** The options of every layer: the adapter, the limits, the retries, what the endpoint shares, and sampling. */
export interface ModelOptions extends LaneOptions, RetryOptions, BudgetOptions, OfflineModelOptions {
  /** The model's name, as its server knows it; `offline` is the writer that needs no server. */
  model: string;
  /** For requests that set none: the sampling temperature (the server's default). */
  temperature?: number | undefined;
  /** For requests that set none: the longest answer, in tokens (the server's default). */
  maxTokens?: number | undefined;
  /** For requests that set none: the nucleus of sampling, 0 to 1 (the server's default). */
  topP?: number | undefined;
  /** For requests that set none: the sampling seed; for `offline`, its choice of phrasing (0). */
  seed?: number | undefined;
  /** What models cost. Without a price for this one its tokens are counted as unpriced. */
  prices?: Prices | undefined;
  /**
   * The folder of an answer cache, made at the first call where it is missing: a request that was answered before costs
   * nothing. Several processes may share it, on one machine. None is used when absent.
   */
  cache?: string | undefined;
}

/** What a model has used so far, and what its calls wait for. */
export interface ModelUsage extends UsageSnapshot {
  /** The most attempts in flight at once, over all servers, as it is now. */
  concurrency: number;
  /** The servers that may not be called now: why, and for how many seconds at least. */
  holds: { host: string; reason: string; seconds: number }[];
}

/** A ChatModel with its limits, its retries and its counts; share one instance, and its limits are shared. */
export interface RareflowModel extends ChatModel {
  /** What it has used so far, and what its calls wait for. Its recent rates go by the times it is called. */
  usage(): ModelUsage;
  /**
   * Lets no attempt go out any more: calls that wait for a slot, a rate, a hold or a retry reject with a resumable
   * ModelError, and what is in flight ends well.
   */
  drain(): void;
  /** Ends its connections and timers, so that the process can exit; calls still in flight fail. */
  close(): Promise<void>;
}

/**
 * Makes a model ready for use: `endTogether(usage(cache(retry(route(limit(budget(gate(openai))))))))`. Nothing is connected or loaded
 * before the first call; the offline writer never fails, so it goes without retries.
 * Throws UsageError for an option that cannot be used.
 */
export function createModel(options: ModelOptions): RareflowModel {
  check(options);
  const { model: name, temperature, maxTokens, topP, seed, onNotice, structuredOutput } = options;
  const price = options.prices && priceOf(options.prices, name);
  const budget = new Budget({ ...options, price });
  const meter = usageMeter({ price, pricesAsOf: options.prices?.asOf, budget });
  const lanes = name === 'offline' ? [offlineLane(options, meter)] : openLanes(options, { meter, budget });
  const routed = route(lanes, options);
  const asked = name === 'offline' ? routed : retry(routed, options);
  // Servers of one list are taken to serve the same model: the first of them names it in the cache.
  const askedOf = { model: name, baseUrl: lanes[0]?.baseUrl ?? '', structuredOutput };
  const cached = options.cache === undefined ? undefined : cache(asked, { path: options.cache, onNotice, ...askedOf });
  const calls = endTogether(meter.countCalls(cached ?? asked));

  return {
    name,
    complete: (request, callOptions) =>
      calls.complete(
        {
          ...request,
          temperature: request.temperature ?? temperature,
          maxTokens: request.maxTokens ?? maxTokens,
          topP: request.topP ?? topP,
          seed: request.seed ?? seed,
        },
        callOptions,
      ),
    usage: () => ({ ...meter.snapshot(), ...stateOf(lanes, options) }),
    drain() {
      const error = new ModelError('the run was stopped before this call was sent', { hint: 'run again to go on' });
      for (const { endpoint, leave } of lanes) {
        endpoint.stop(error);
        leave();
      }
    },
    async close() {
      await Promise.all([...lanes.map((lane) => lane.close()), cached?.close()]);
    },
  };
}

function stateOf(lanes: OpenLane[], { concurrency = 16 }: ModelOptions): Pick<ModelUsage, 'concurrency' | 'holds'> {
  const open = lanes.filter(({ endpoint }) => !endpoint.stopped.aborted);
  return {
    concurrency: Math.min(
      concurrency,
      open.reduce((sum, { model }) => sum + model.concurrency, 0),
    ),
    holds: open.flatMap(({ endpoint: { held }, host = '' }) =>
      held === undefined ? [] : [{ host, reason: held.reason, seconds: held.ms / 1000 }],
    ),
  };
}

function offlineLane(options: ModelOptions, meter: UsageMeter): OpenLane {
  const endpoint = new Endpoint(options);
  const model = limit(meter.countAttempts(offlineModel(options)), { ...options, stopped: endpoint.stopped });
  return { model, endpoint, baseUrl: 'offline:', leave: () => {}, close: model.close };
}

const counts = [
  'concurrency',
  'requestsPerMinute',
  'tokensPerMinute',
  'maxAttempts',
  'maxTokens',
  'budgetTokens',
] as const;
const durations = ['attemptTimeoutMs', 'connectTimeoutMs', 'idleTimeoutMs'] as const;

function check(options: ModelOptions): void {
  if (options.model === '') throw new UsageError('the model has no name');
  for (const key of counts) {
    const value = options[key];
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new UsageError(`${key} is ${value}, expected a whole number above 0`);
  }
  const { temperature = 0, topP = 1 } = options;
  if (!(temperature >= 0)) throw new UsageError(`temperature is ${temperature}, expected a number from 0 on`);
  if (!(topP > 0 && topP <= 1)) throw new UsageError(`topP is ${topP}, expected a number over 0 and at most 1`);
  for (const key of durations) {
    const value = options[key];
    if (value === undefined || (value > 0 && value < 2 ** 31)) continue;
    throw new UsageError(`${key} is ${value}, expected milliseconds above 0 and below 2,147,483,648`);
  }
}
