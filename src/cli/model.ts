import { UsageError } from '../errors.js';
import { createModel, type ModelOptions, type RareflowModel } from '../llm/createModel.js';
import { apiKeyIn } from './apiKey.js';
import { type CacheFlags, cacheFolder } from './cacheFolder.js';
import { pricesOf } from './pricesFile.js';
import { say } from './terminal.js';

export interface ModelFlags extends CacheFlags {
  baseUrl?: string;
  apiKeyEnv?: string;
  concurrency: number;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  attemptTimeoutMs?: number;
  structuredOutput?: 'auto' | 'json_schema' | 'json_object' | 'none';
  stream?: boolean;
  prices?: string;
  budgetUsd?: string;
  budgetTokens?: number;
}

const openaiUrl = 'https://api.openai.com/v1';

/** Makes the model that the flags and the environment name. Throws UsageError where one of them is missing. */
export function modelOf(flags: ModelFlags, env: NodeJS.ProcessEnv, more: Partial<ModelOptions> = {}): RareflowModel {
  const { model, apiKeyEnv, baseUrl: given } = flags;
  if (model === undefined) {
    throw new UsageError('no model was named', { hint: 'add --model NAME, or --model offline to try it without one' });
  }
  if (model === 'offline') {
    say('rareflow: the offline model shows the plumbing; what it writes is no training data');
  }
  const baseUrl = given ?? (env.OPENAI_BASE_URL || openaiUrl);
  const { structuredOutput, stream } = flags;
  const { concurrency, requestsPerMinute, tokensPerMinute, temperature, topP, maxTokens, attemptTimeoutMs } = flags;
  return createModel({
    model,
    baseUrl,
    apiKey: model === 'offline' ? undefined : keyOf(),
    keyName: apiKeyEnv ?? 'OPENAI_API_KEY',
    ...{ structuredOutput, stream },
    ...{ concurrency, requestsPerMinute, tokensPerMinute, temperature, topP, maxTokens, attemptTimeoutMs },
    cache: cacheFolder(flags, env),
    prices: pricesOf(flags.prices),
    budgetUsd: flags.budgetUsd,
    budgetTokens: flags.budgetTokens,
    onNotice: (notice) => say(`rareflow: ${notice}`),
    ...more,
  });

  /** OPENAI_API_KEY goes to OpenAI, and to the server that OPENAI_BASE_URL names beside it; to others only when told so. */
  function keyOf(): string | undefined {
    if (apiKeyEnv !== undefined) return apiKeyIn(apiKeyEnv, env);
    const isOpenai = URL.canParse(baseUrl) && new URL(baseUrl).hostname === 'api.openai.com';
    if (isOpenai && !env.OPENAI_API_KEY) {
      throw new UsageError(`no key for ${model} at api.openai.com`, {
        hint: 'export OPENAI_API_KEY=…, or name a local server with --base-url, or try --model offline',
      });
    }
    return isOpenai || given === undefined ? env.OPENAI_API_KEY || undefined : undefined;
  }
}
