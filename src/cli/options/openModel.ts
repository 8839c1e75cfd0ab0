import { UsageError } from '../../errors.js';
import { createModel, type ModelOptions, type RareflowModel } from '../../llm/createModel.js';
import { checkStorePath } from '../../store/folder.js';
import { pick, type Resolved, valuesOf } from '../../util/options.js';
import { say } from '../progress/terminal.js';
import { apiKeyIn } from './apiKey.js';
import { journalFolder } from './batch.js';
import { cacheFolder } from './cacheFolder.js';
import { askingFlags } from './model.js';
import { pricesOf } from './pricesFile.js';
import { headersOf } from './server/headers.js';

export interface ModelFlags extends Partial<Resolved<typeof askingFlags>> {
  concurrency: number;
  batchRequests?: number | undefined;
  output?: string | undefined;
  retryRejects?: boolean | undefined;
}

/** Flags that `createModel` takes as they are. */
const sameInLibrary = pick(
  askingFlags,
  ...(['temperature', 'topP', 'maxTokens', 'reasoningEffort', 'extraBody'] as const),
  ...(['structuredOutput', 'stream', 'capabilities'] as const),
  ...(['requestsPerMinute', 'tokensPerMinute', 'adaptiveConcurrency', 'attemptTimeoutMs'] as const),
  ...(['budgetUsd', 'budgetTokens'] as const),
);

const OPENAI_URL = 'https://api.openai.com/v1';

/** Opens the model that the flags and the environment name. Throws UsageError if one of them is missing. */
export function openModel(flags: ModelFlags, env: NodeJS.ProcessEnv, more: Partial<ModelOptions> = {}): RareflowModel {
  const { model, baseUrl: given, concurrency, batchPollSeconds } = flags;
  const keyNames = [flags.apiKeyEnv ?? []].flat();
  if (model === undefined) {
    throw new UsageError('no model was named', { hint: 'add --model NAME, or --model offline to try it without one' });
  }
  if (model === 'offline') {
    say('rareflow: the offline model only exercises the pipeline; its output is not training data');
  }
  const baseUrl = [given ?? (env.OPENAI_BASE_URL || OPENAI_URL)].flat();
  if (keyNames.length > 1 && keyNames.length !== baseUrl.length) {
    throw new UsageError(`--api-key-env was given ${keyNames.length} times for ${baseUrl.length} servers`, {
      hint: 'give it once for all of them, or once for each --base-url, in order',
    });
  }
  const cache = cacheFolder(flags, env);
  if (cache !== undefined) checkStorePath(cache);
  return createModel({
    ...valuesOf(sameInLibrary, flags),
    ...(model === 'offline' ? {} : headersOf(flags, env)),
    model,
    baseUrl,
    concurrency,
    apiKey: model === 'offline' ? undefined : baseUrl.map((url, index) => keyOf(url, keyNames[index] ?? keyNames[0])),
    keyName: baseUrl.map((_, index) => keyNames[index] ?? keyNames[0] ?? 'OPENAI_API_KEY'),
    cache,
    batch: journalFolder(flags),
    batchRequests: flags.batchRequests,
    batchPollMs: batchPollSeconds && batchPollSeconds * 1000,
    prices: pricesOf(flags.prices),
    onNotice: (notice) => say(`rareflow: ${notice}`),
    ...more,
  });

  /** OPENAI_API_KEY is sent to OpenAI and to the server of OPENAI_BASE_URL; to others only if a flag names it. */
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
