import { UsageError } from '../errors.js';
import type { Resolved } from '../util/options.js';
import { CapabilityFile } from './cacheStore/keptCapabilities.js';
import type { ChatModel } from './chatModel.js';
import { customModel } from './custom/customModel.js';
import type { Budget } from './middleware/budget.js';
import { EndpointHealth } from './middleware/endpointHealth.js';
import type { Endpoint } from './middleware/loadBalance.js';
import { PromptTruncation } from './middleware/promptTruncation.js';
import { type RateLimitedModel, rateLimit } from './middleware/rateLimit.js';
import type { UsageMeter } from './middleware/usage.js';
import { offlineModel } from './offline/offlineModel.js';
import { parseBaseUrl } from './openai/baseUrl.js';
import { batchModel } from './openai/batch/batchModel.js';
import { type KnownCapabilities, openaiModel } from './openai/openaiModel.js';
import type { CapabilityMemory } from './openai/serverCapabilities.js';
import type { modelOptions } from './options.js';
import type { RemoteAttempts } from './remoteAttempts.js';

export type ModelSettings = Resolved<typeof modelOptions>;

export interface ConnectedEndpoint extends Endpoint {
  model: RateLimitedModel;
  /** The address without credentials: a part of the cache's keys. */
  baseUrl: string;
  /** Returns the known capabilities of the server; absent for a model that is not behind a server. */
  capabilities?: () => KnownCapabilities;
  /** Connects before the first call; absent if that is never refused. */
  join?: () => Promise<void>;
  /** Rejects the calls that wait for a batch: it may take a day. */
  leave(): void;
  close(): Promise<void>;
}

/** The counts and the budget that all endpoints share. */
export interface Shared {
  meter: UsageMeter;
  budget: Budget;
}

/** If others can take its calls, a server is left alone after this many faults in a row. */
const TRIPS_AMONG_OTHERS = 3;

/**
 * Connects the endpoints of the model that `settings` name: each is `rateLimit(budget(health(meter(adapter))))`, with its own
 * limits and health; the meter sees only what is sent.
 */
export function connectEndpoints(settings: ModelSettings, shared: Shared): ConnectedEndpoint[] {
  const { model } = settings;
  if (settings.attempts !== undefined) return [remoteEndpoint(settings.attempts, settings, shared)];
  if (model === 'offline') return [localEndpoint(offlineModel(settings), 'offline:', settings, shared)];
  if (typeof model === 'string') return serverEndpoints({ ...settings, model }, shared);
  return [localEndpoint(customModel(model, settings), 'custom:', settings, shared)];
}

function serverEndpoints(settings: ModelSettings & { model: string }, shared: Shared): ConnectedEndpoint[] {
  const { baseUrl = 'https://api.openai.com/v1', apiKey, keyName, batch } = settings;
  const urls = typeof baseUrl === 'string' ? [baseUrl] : baseUrl;
  const keys = Array.isArray(apiKey) ? apiKey : urls.map(() => apiKey);
  if (urls.length === 0) throw new UsageError('the list of base URLs is empty');
  if (keys.length !== urls.length) {
    throw new UsageError(`${urls.length} base URLs, but ${keys.length} keys`, {
      hint: 'give one key for all of them, or one for each base URL',
    });
  }
  if (batch !== undefined && (urls.length > 1 || settings.requestsPerMinute || settings.tokensPerMinute)) {
    throw new UsageError('batches take one base URL and no rate limits');
  }
  const tripsInARow = urls.length > 1 ? TRIPS_AMONG_OTHERS : undefined;
  const othersWork = () => endpoints.some(({ health }) => health.everSucceeded);
  const endpoints = urls.map((url, index): ConnectedEndpoint => {
    // The requests that a batch leaves undone fail all at once, and a probe alone would be a batch of one.
    const health = new EndpointHealth({ ...settings, tripsInARow, trips: batch === undefined, othersWork });
    const adapterOptions = {
      ...settings,
      baseUrl: url,
      apiKey: keys[index],
      keyName: Array.isArray(keyName) ? keyName[index] : keyName,
      needsCap: shared.budget.isSet,
      capabilities: settings.capabilities || undefined,
      memory: memoryOf(settings, parseBaseUrl(url).href),
      onProbe: (stage: string | undefined) => shared.meter.countProbe(stage),
    };
    const adapter =
      batch === undefined
        ? openaiModel({ ...adapterOptions, onRates: (rates) => health.pause(limited.applyRates(rates)) })
        : batchModel({ ...adapterOptions, journalPath: batch });
    const limited = limitedModel(adapter, health, parseBaseUrl(url).host, settings, shared);
    return {
      model: limited,
      health,
      host: parseBaseUrl(url).host,
      baseUrl: adapter.baseUrl,
      capabilities: () => adapter.capabilities,
      leave: () => {
        if (batch !== undefined) void adapter.close();
      },
      async close() {
        await Promise.all([limited.close(), adapter.close()]);
      },
    };
  });
  return endpoints;
}

/** Returns the memory of earlier runs with the same cache; with `capabilities: false` everything is learned again. */
function memoryOf(
  { cache, capabilities, model, onNotice }: ModelSettings,
  baseUrl: string,
): CapabilityMemory | undefined {
  if (cache === undefined) return undefined;
  const file = new CapabilityFile(cache);
  const server = `${model} at ${baseUrl}`;
  return {
    read: () => (capabilities === false ? undefined : file.get(server)),
    write(learned) {
      try {
        file.put(server, learned);
      } catch (error) {
        onNotice?.(`what was learned about the server is not kept: ${error instanceof Error ? error.message : error}`);
      }
    },
  };
}

/** An endpoint whose connections, if it has any, are not ours. */
function localEndpoint(model: ChatModel, baseUrl: string, settings: ModelSettings, shared: Shared): ConnectedEndpoint {
  const health = new EndpointHealth(settings);
  const limited = limitedModel(model, health, model.name, settings, shared);
  return { model: limited, health, host: model.name, baseUrl, leave: () => {}, close: limited.close };
}

/** A model whose attempts are made elsewhere, where the health of its servers is known too. */
function remoteEndpoint(attempts: RemoteAttempts, settings: ModelSettings, shared: Shared): ConnectedEndpoint {
  const { model, extraBody, reasoningEffort, structuredOutput, onNotice = () => {} } = settings;
  const remote = attempts.connect({
    model: typeof model === 'string' ? model : model.name,
    shape: { extraBody, reasoningEffort, structuredOutput, needsCap: shared.budget.isSet || undefined },
    attemptTimeoutMs: settings.attemptTimeoutMs,
    concurrency: settings.concurrency,
    onRefused: (stage) => shared.meter.countProbe(stage),
    onNotice,
  });
  // The calls of a lost machine fail all at once: that says nothing about the others.
  const health = new EndpointHealth({ ...settings, trips: false, othersWork: () => true });
  const limited = limitedModel(remote, health, attempts.label, settings, shared);
  return {
    ...{ model: limited, health, host: attempts.label, baseUrl: 'queue:' },
    join: () => remote.join(),
    leave: () => remote.leave(),
    async close() {
      await Promise.all([limited.close(), remote.close()]);
    },
  };
}

function limitedModel(
  adapter: ChatModel,
  health: EndpointHealth,
  host: string,
  settings: ModelSettings,
  { meter, budget }: Shared,
): RateLimitedModel {
  const rejects = settings.truncatedPrompts === 'reject';
  const watched = new PromptTruncation({ host, rejects, onNotice: settings.onNotice }).watch(adapter);
  const attempts = health.guard(meter.countAttempts(watched));
  return rateLimit(budget.guard(attempts), {
    ...settings,
    stopped: health.stopped,
    isLoneLimit: () => health.isLoneLimit,
    learnedRate: health.learnedRate,
  });
}
