import { UsageError } from '../errors.js';
import type { Budget } from './middleware/budget.js';
import { Endpoint, type EndpointOptions, gate } from './middleware/endpointHealth.js';
import type { Lane } from './middleware/loadBalance.js';
import { type LimitedModel, type LimitOptions, limit } from './middleware/rateLimit.js';
import type { UsageMeter } from './middleware/usage.js';
import { parseBaseUrl } from './openai/baseUrl.js';
import { type BatchOptions, batchModel } from './openai/batch/batchModel.js';
import { type OpenaiModelOptions, openaiModel } from './openai/openaiModel.js';

export interface LaneOptions
  extends Omit<OpenaiModelOptions, 'baseUrl' | 'apiKey' | 'keyName' | 'needsCap' | 'onRates'>,
    Omit<LimitOptions, 'stopped'>,
    Partial<Omit<BatchOptions, 'journalPath'>>,
    EndpointOptions {
  /**
   * Where the API is, up to its version (`https://api.openai.com/v1`). Of several, each has limits of its own and the
   * least busy is asked first; `concurrency` is for all of them together.
   */
  baseUrl?: string | string[] | undefined;
  /**
   * The key, sent as a bearer token to the base URL's host and nowhere else; none is sent when absent. For several base
   * URLs one key for all, or a list with one each. It is not read from the environment: whoever does must not pass
   * OPENAI_API_KEY for a host that is not OpenAI's.
   */
  apiKey?: string | (string | undefined)[] | undefined;
  /** What holds the key, as messages name it, such as the name of a variable; a list with one for each base URL. */
  keyName?: string | string[] | undefined;
  /**
   * Asks by the provider's Batch API: the folder of its journal, from which a later process goes on. A batch holds as many
   * requests as are under way, so let `concurrency` be `batchRequests`. One base URL, and no rates: they are not for batches.
   */
  batch?: string | undefined;
}

export interface OpenLane extends Lane {
  model: LimitedModel;
  /** Without credentials. */
  baseUrl: string;
  /** Turns away those who wait for a batch: it may take a day. */
  leave(): void;
  close(): Promise<void>;
}

/** What all lanes count and spend together. */
export interface Shared {
  meter: UsageMeter;
  budget: Budget;
}

/** With others to take its calls, a server is left alone after so few faults in a row. */
const tripsAmongOthers = 3;

/**
 * The way to each base URL: `limit(budget(gate(meter(openai))))`, with limits, health and profile of its own; the meter sees
 * only what is sent.
 */
export function openLanes(options: LaneOptions, { meter, budget }: Shared): OpenLane[] {
  const { baseUrl = 'https://api.openai.com/v1', apiKey, keyName, batch } = options;
  const urls = typeof baseUrl === 'string' ? [baseUrl] : baseUrl;
  const keys = Array.isArray(apiKey) ? apiKey : urls.map(() => apiKey);
  if (urls.length === 0) throw new UsageError('the list of base URLs is empty');
  if (keys.length !== urls.length) {
    throw new UsageError(`${urls.length} base URLs, but ${keys.length} keys`, {
      hint: 'give one key for all of them, or as many as there are base URLs',
    });
  }
  if (batch !== undefined && (urls.length > 1 || options.requestsPerMinute || options.tokensPerMinute)) {
    throw new UsageError('batches take one base URL and no rates');
  }
  const tripsInARow = urls.length > 1 ? tripsAmongOthers : undefined;
  const othersWork = () => lanes.some(({ endpoint }) => endpoint.everSucceeded);
  const lanes = urls.map((url, place): OpenLane => {
    // What a batch leaves undone fails all at once, and a probe alone would be a batch of one.
    const endpoint = new Endpoint({ tripsInARow, trips: batch === undefined, othersWork, ...options });
    const settings = {
      ...options,
      baseUrl: url,
      apiKey: keys[place],
      keyName: Array.isArray(keyName) ? keyName[place] : keyName,
      needsCap: budget.isSet,
    };
    const adapter =
      batch === undefined
        ? openaiModel({ ...settings, onRates: (rates) => endpoint.pause(limited.heed(rates)) })
        : batchModel({ ...settings, journalPath: batch });
    const attempts = gate(meter.countAttempts(adapter), endpoint);
    const limited = limit(budget.guard(attempts), { ...options, stopped: endpoint.stopped });
    const { host } = parseBaseUrl(url);
    return {
      model: limited,
      endpoint,
      host,
      baseUrl: adapter.baseUrl,
      leave: () => {
        if (batch !== undefined) void adapter.close();
      },
      async close() {
        await Promise.all([limited.close(), adapter.close()]);
      },
    };
  });
  return lanes;
}
