import { ModelError, UsageError } from '../errors.js';
import { resolveOptions } from '../util/options.js';
import type { Capabilities } from './capabilities.js';
import type { ChatModel, Completion } from './chatModel.js';
import { type ConnectedEndpoint, connectEndpoints, type ModelSettings, type Shared } from './connectEndpoints.js';
import { priceOf } from './cost/prices.js';
import { Semaphore } from './limits/semaphore.js';
import { Budget } from './middleware/budget.js';
import { type CachedModel, cache } from './middleware/cache.js';
import { loadBalance } from './middleware/loadBalance.js';
import { retry } from './middleware/retry.js';
import { settleBeforeFailing } from './middleware/settleBeforeFailing.js';
import { type UsageSnapshot, usageMeter } from './middleware/usage.js';
import { isCredentialHeader } from './openai/baseUrl.js';
import {
  batchOptions,
  type ModelOptions,
  modelOptions,
  offlineOptions,
  type StageModel,
  serverOptions,
  stageModelOptions,
} from './options.js';
import { hasOwnConnections, stagePrices, stageSettings } from './stageModels.js';

export type { ModelOptions };

/** The usage of a model so far, and what its calls wait for. */
export interface ModelUsage extends UsageSnapshot {
  /** The most attempts in flight at once, over all servers, as it is now. */
  concurrency: number;
  /** The servers that may not be called now: the reason, and for how many seconds at least. */
  holds: { host: string; reason: string; seconds: number }[];
}

/** The parts of requests that one model of one server accepts. */
export interface ServerAccepts extends Capabilities {
  /** Host and port. */
  host: string;
  /** The number of requests that were sent only to find out what is refused. */
  probes: number;
  /** True if the server refuses a part of the requests, and it is not known yet which. */
  isNarrowing: boolean;
}

/** A ChatModel with its limits, its retries and its counts. Callers that share an instance share its limits. */
export interface RareflowModel extends ChatModel {
  /** Returns its usage so far, and what its calls wait for. Its recent rates are measured between calls of it. */
  usage(): ModelUsage;
  /** Returns the known capabilities of each server: those that were set, and those that this run or an earlier one learned. */
  capabilities(): ServerAccepts[];
  /** Joins the queue that makes its attempts, if it has one: a queue that cannot be used is refused before any work is done. */
  join(): Promise<void>;
  /**
   * Sends no attempt any more: calls that wait for a slot, a rate, a hold or a retry reject with a resumable ModelError, and
   * those in flight still succeed.
   */
  drain(): void;
  /** Closes its connections and timers, so that the process can exit; calls still in flight fail. */
  close(): Promise<void>;
}

/**
 * Makes a model that retries, caches, limits its rate, keeps a budget and counts its usage:
 * `settleBeforeFailing(usage(cache(retry(loadBalance(rateLimit(budget(health(adapter))))))))`. `model` is the name of a model
 * behind an OpenAI-compatible server, `offline`, or a custom model. Nothing is connected or loaded before the first
 * call or `join`.
 *
 * A custom model makes one attempt a call and resolves to `{ text }`, with `usage` (else it is estimated and flagged),
 * `finishReason` (`length`: it was cut off, so it is asked again with twice the `maxTokens`) and `thinking` if it has them. It
 * should stop when its `signal` aborts. Its errors are classified by `customError`. Its `name` is in the cache's keys: two
 * models that answer differently need different names.
 *
 * @throws UsageError for an unknown option, and for one that cannot be used
 */
export function createModel(options: ModelOptions): RareflowModel {
  const settings = resolveOptions('createModel', modelOptions, options);
  const { model } = settings;
  const name = typeof model === 'string' ? model : model.name;
  checkCombination(settings, options);
  const price = settings.prices && priceOf(settings.prices, name);
  const stageModels = resolveStages(settings.models ?? {});
  const prices = { price, stagePrices: stagePrices(Object.fromEntries(stageModels), settings) };
  const budget = new Budget({ ...settings, ...prices, model: name, maxTokens: capOfAll(settings, stageModels) });
  const meter = usageMeter({ ...prices, pricesAsOf: settings.prices?.asOf, budget });
  const shared = { meter, budget };
  // The limit of all stages together; one model alone keeps it by itself.
  const slots = stageModels.some(([, stage]) => hasOwnConnections(stage))
    ? new Semaphore(settings.concurrency)
    : undefined;
  const run = connectModel(settings, shared, slots);
  const byModel = new Map<StageModel, ConnectedModel>();
  const stages = new Map(
    stageModels.map(([stage, own]): [string, ConnectedModel] => {
      const one = byModel.get(own) ?? connectStage(stage, own);
      byModel.set(own, one);
      return [stage, one];
    }),
  );
  const connected = [...new Set([run, ...[...stages.values()].filter(({ answers }) => answers !== run.answers)])];
  const endpoints = connected.flatMap((one) => one.endpoints);
  let closing: Promise<unknown> | undefined;
  const connectionOf = (stage = '') => stages.get(stage) ?? run;
  const counted = settleBeforeFailing(
    meter.countCalls({
      name,
      complete: (request, callOptions) => connectionOf(request.stage).answers.complete(request, callOptions),
    }),
  );

  return {
    name,
    async complete(request, callOptions) {
      const { settings: of } = connectionOf(request.stage);
      const { temperature, topP, maxTokens, seed } = of;
      const completion = await counted.complete(
        {
          ...request,
          temperature: request.temperature ?? temperature,
          maxTokens: request.maxTokens ?? maxTokens,
          topP: request.topP ?? topP,
          seed: request.seed ?? seed,
        },
        callOptions,
      );
      return typeof of.model === 'string' ? namedAsAsked(completion, of.model) : completion;
    },
    usage: () => ({ ...meter.snapshot(), ...limitsNow(endpoints, concurrencyOfAll(settings, stageModels)) }),
    capabilities: () =>
      endpoints.flatMap(({ host = '', capabilities }) => {
        if (capabilities === undefined) return [];
        const { count: probes, ...known } = capabilities();
        return [{ host, ...known, probes }];
      }),
    async join() {
      await Promise.all(endpoints.map((endpoint) => endpoint.join?.()));
    },
    drain() {
      const error = new ModelError('the run was stopped before this call was sent', { hint: 'run again to resume' });
      for (const { health, leave } of endpoints) {
        health.stop(error);
        leave();
      }
    },
    async close() {
      closing ??= Promise.all([
        ...endpoints.map((endpoint) => endpoint.close()),
        ...connected.map(({ cached }) => cached?.close()),
      ]);
      await closing;
    },
  };

  function connectStage(stage: string, own: StageModel): ConnectedModel {
    const ofStage = stageSettings(settings, stage, own);
    if (!hasOwnConnections(own)) return { ...run, settings: ofStage };
    return connectModel(ofStage, shared, own.concurrency === undefined ? slots : undefined);
  }
}

/** Checks the models of stages. Stages that were given the same object have the same one again, and share its connections. */
function resolveStages(models: Record<string, StageModel>): [string, StageModel][] {
  const resolved = new Map<StageModel, StageModel>();
  return Object.entries(models).map(([stage, given]) => {
    const own = resolved.get(given) ?? resolveOptions(`createModel: models.${stage}`, stageModelOptions, given);
    resolved.set(given, own);
    return [stage, own];
  });
}

/** A model with its connections, and its answers through retries and the cache. */
interface ConnectedModel {
  settings: ModelSettings;
  endpoints: ConnectedEndpoint[];
  answers: ChatModel;
  cached: CachedModel | undefined;
}

function connectModel(settings: ModelSettings, shared: Shared, slots: Semaphore | undefined): ConnectedModel {
  const { model, structuredOutput, cache: path, onNotice } = settings;
  const endpoints = connectEndpoints(settings, shared);
  const balanced = loadBalance(endpoints, { ...settings, slots });
  // The offline model never fails.
  const retried = model === 'offline' ? balanced : retry(balanced, settings);
  // Servers of one list are assumed to serve the same model: the first of them is in the cache's keys.
  const scope = {
    model: retried.name,
    baseUrl: endpoints[0]?.baseUrl ?? '',
    structuredOutput,
    more: shapingParts(settings),
  };
  const cached = path === undefined ? undefined : cache(retried, { path, onNotice, ...scope });
  return { settings, endpoints, answers: cached ?? retried, cached };
}

/** The cap that a budget may rely on: the run's, else those of the stages if they have one. */
function capOfAll({ maxTokens }: ModelSettings, stages: [string, StageModel][]): number | undefined {
  return maxTokens ?? stages.map(([, stage]) => stage.maxTokens).find((cap) => cap !== undefined);
}

/** The most attempts in flight: the run's, and those of stages that name a limit. */
function concurrencyOfAll({ concurrency }: ModelSettings, stages: [string, StageModel][]): number {
  return [...new Set(stages.map(([, own]) => own))].reduce((sum, own) => sum + (own.concurrency ?? 0), concurrency);
}

/** Names a model as it was asked for; the server's other name for it is kept beside that. */
function namedAsAsked(completion: Completion, asked: string): Completion {
  const { model: served } = completion;
  return served === asked ? completion : { ...completion, model: asked, servedModel: served };
}

/** Returns the parts of a request that are set once and may shape answers. Headers that prove who asks are left out. */
function shapingParts({ extraBody, reasoningEffort, headers = {} }: ModelSettings): Record<string, unknown> {
  const plain = Object.entries(headers).filter(([name]) => !isCredentialHeader(name));
  return {
    ...(extraBody !== undefined && Object.keys(extraBody).length > 0 && { extraBody }),
    ...(reasoningEffort !== undefined && { reasoningEffort }),
    ...(plain.length > 0 && { headers: Object.fromEntries(plain) }),
  };
}

function limitsNow(endpoints: ConnectedEndpoint[], concurrency: number): Pick<ModelUsage, 'concurrency' | 'holds'> {
  const working = endpoints.filter(({ health }) => !health.stopped.aborted);
  return {
    concurrency: Math.min(
      concurrency,
      working.reduce((sum, { model }) => sum + model.concurrency, 0),
    ),
    holds: working.flatMap(({ health: { held }, host = '' }) =>
      held === undefined ? [] : [{ host, reason: held.reason, seconds: held.ms / 1000 }],
    ),
  };
}

/** Options that a custom model has no use for: it connects by itself. */
const serverOnly = Object.keys({ ...serverOptions, ...batchOptions, ...offlineOptions }) as (keyof ModelOptions)[];

function checkCombination({ model, budgetUsd, budgetTokens }: ModelOptions, given: ModelOptions): void {
  if (model === 'offline' && (budgetUsd ?? budgetTokens) !== undefined) {
    throw new UsageError('the offline model costs nothing, so it takes no budget');
  }
  if (typeof model === 'string') return;
  const unused = serverOnly.find((option) => given[option] !== undefined);
  if (unused === undefined) return;
  throw new UsageError(`createModel: ${unused} applies only to a model that is given by its name`, {
    hint: `set it up in the custom model ${model.name}: that connects to its server by itself`,
  });
}
