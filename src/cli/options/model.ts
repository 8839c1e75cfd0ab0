import { UsageError } from '../../errors.js';
import { createModel, type ModelOptions, type RareflowModel } from '../../llm/createModel.js';
import { say } from '../progress/terminal.js';
import { apiKeyIn } from './apiKey.js';
import { journalFolder } from './batch.js';
import { type CacheFlags, cacheFolder } from './cacheFolder.js';
import { pricesOf } from './pricesFile.js';

export interface ModelFlags extends CacheFlags {
  baseUrl?: string | string[];
  apiKeyEnv?: string | string[];
  concurrency: number;
  adaptiveConcurrency?: boolean;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  attemptTimeoutMs?: number;
  structuredOutput?: 'auto' | 'json_schema' | 'json_object' | 'none';
  stream?: boolean;
  batch?: true | number;
  batchRequests?: number;
  batchPollSeconds?: number;
  prices?: string;
  budgetUsd?: string;
  budgetTokens?: number;
}

const openaiUrl = 'https://api.openai.com/v1';

/** Makes the model that the flags and the environment name. Throws UsageError where one of them is missing. */
export function modelOf(flags: ModelFlags, env: NodeJS.ProcessEnv, more: Partial<ModelOptions> = {}): RareflowModel {
  const { model, baseUrl: given, adaptiveConcurrency } = flags;
  const keyNames = [flags.apiKeyEnv ?? []].flat();
  if (model === undefined) {
    throw new UsageError('no model was named', { hint: 'add --model NAME, or --model offline to try it without one' });
  }
  if (model === 'offline') {
    say('rareflow: the offline model shows the plumbing; what it writes is no training data');
  }
  const baseUrl = [given ?? (env.OPENAI_BASE_URL || openaiUrl)].flat();
  if (keyNames.length > 1 && keyNames.length !== baseUrl.length) {
    throw new UsageError(`--api-key-env was given ${keyNames.length} times for ${baseUrl.length} servers`, {
      hint: 'give it once for all of them, or once for each --base-url, in order',
    });
  }
  const { structuredOutput, stream } = flags;
  const { concurrency, requestsPerMinute, tokensPerMinute, temperature, topP, maxTokens, attemptTimeoutMs } = flags;
  return createModel({
    model,
    baseUrl,
    apiKey: model === 'offline' ? undefined : baseUrl.map((url, place) => keyOf(url, keyNames[place] ?? keyNames[0])),
    keyName: baseUrl.map((_, place) => keyNames[place] ?? keyNames[0] ?? 'OPENAI_API_KEY'),
    adaptiveConcurrency,
    ...{ structuredOutput, stream },
    ...{ concurrency, requestsPerMinute, tokensPerMinute, temperature, topP, maxTokens, attemptTimeoutMs },
    cache: cacheFolder(flags, env),
    batch: journalFolder(flags),
    batchRequests: flags.batchRequests,
    batchPollMs: flags.batchPollSeconds && flags.batchPollSeconds * 1000,
    prices: pricesOf(flags.prices),
    budgetUsd: flags.budgetUsd,
    budgetTokens: flags.budgetTokens,
    onNotice: (notice) => say(`rareflow: ${notice}`),
    ...more,
  });

  /** OPENAI_API_KEY goes to OpenAI, and to the server that OPENAI_BASE_URL names beside it; to others only when told so. */
  function keyOf(url: string, name: string | undefined): string | undefined {
    if (name !== undefined) return apiKeyIn(name, env);
    const isOpenai = URL.canParse(url) && new URL(url).hostname === 'api.openai.com';
    if (isOpenai && !env.OPENAI_API_KEY) {
      throw new UsageError(`no key for ${model} at api.openai.com`, {
        hint: 'export OPENAI_API_KEY=…, or name a local server with --base-url, or try --model offline',
      });
    }
    return isOpenai || given === undefined ? env.OPENAI_API_KEY || undefined : undefined;
  }
}
