import { UsageError } from '../errors.js';
import type { ModelSettings } from './connectEndpoints.js';
import { type ModelPrice, type Prices, priceOf } from './cost/prices.js';
import { isCredentialHeader } from './openai/baseUrl.js';
import type { StageModel } from './options.js';

/** Request defaults: a stage that changes nothing else shares the connections of the run. */
const requestDefaults = new Set<string>(['temperature', 'topP', 'maxTokens']);

/** Returns true if a stage has connections of its own. */
export function hasOwnConnections(stage: StageModel): boolean {
  return Object.entries(stage).some(([name, value]) => value !== undefined && !requestDefaults.has(name));
}

/**
 * The settings of a stage: its own, else those of the run. A key, and headers that are secrets, go only to the servers they
 * were given for: a stage with a base URL of its own does not get those of the run.
 */
export function stageSettings(run: ModelSettings, name: string, stage: StageModel): ModelSettings {
  const own = Object.fromEntries(Object.entries(stage).filter(([, value]) => value !== undefined)) as StageModel;
  const merged = { ...run, ...own, batch: run.batch && `${run.batch}.${name}` };
  const isAnother = own.model !== undefined || own.baseUrl !== undefined;
  if (isAnother && merged.capabilities !== false) merged.capabilities = undefined;
  if (own.baseUrl === undefined) return merged as ModelSettings;
  const headers = Object.entries(run.headers ?? {}).filter(([header]) => !isCredentialHeader(header));
  return {
    ...merged,
    ...{ apiKey: own.apiKey, keyName: own.keyName, headers: Object.fromEntries(headers), secretHeaders: undefined },
  } as ModelSettings;
}

const free: ModelPrice = { input: 0n, cachedInput: 0n, output: 0n };

/** The price of each stage that has a model of its own. Throws UsageError for one without a price, under a budget in dollars. */
export function stagePrices(
  models: Record<string, StageModel>,
  { prices, budgetUsd }: { prices?: Prices | undefined; budgetUsd?: unknown },
): Record<string, ModelPrice | undefined> {
  const named = Object.entries(models).flatMap(([stage, { model }]) => (model === undefined ? [] : [{ stage, model }]));
  return Object.fromEntries(
    named.map(({ stage, model }) => {
      const price = model === 'offline' ? free : prices && priceOf(prices, model);
      if (budgetUsd === undefined || price !== undefined) return [stage, price];
      throw new UsageError(`a budget in dollars requires the price of ${model}, the model of ${stage}`, {
        hint: `give prices (--prices FILE) with an entry ${JSON.stringify(model)}, or a budget in tokens`,
      });
    }),
  );
}
