import { UsageError } from '../../errors.js';
import type { ChatModel } from '../../llm/chatModel.js';
import { createModel, type ModelOptions, type RareflowModel } from '../../llm/createModel.js';
import type { StageModel } from '../../llm/options.js';
import { checkStorePath } from '../../store/folder.js';
import { pick, type Resolved, valuesOf } from '../../util/options.js';
import { inFlags, say } from '../progress/terminal.js';
import { journalFolder } from './batch.js';
import { cacheFolder } from './cacheFolder.js';
import { flagName } from './flags.js';
import { askingFlags } from './model.js';
import { pricesOf } from './pricesFile.js';
import { queueOf } from './queue.js';
import { apiKeyIn } from './server/apiKey.js';
import { baseUrlsOf } from './server/baseUrls.js';
import { headersOf } from './server/headers.js';
import { proxiesIn } from './server/proxies.js';
import { judgeFlagIn, modelOfStages, type OwnFlags, ownFlagsOf } from './server/stageModels.js';

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
  ...(['structuredOutput', 'stream', 'clientCert', 'clientKey', 'capabilities'] as const),
  ...(['requestsPerMinute', 'tokensPerMinute', 'adaptiveConcurrency', 'attemptTimeoutMs', 'truncatedPrompts'] as const),
  ...(['budgetUsd', 'budgetTokens'] as const),
);

/** Opens the model that the flags and the environment name. Throws UsageError if one of them is missing. */
export function openModel(flags: ModelFlags, env: NodeJS.ProcessEnv, more: Partial<ModelOptions> = {}): RareflowModel {
  const { baseUrl: given, concurrency, batchPollSeconds } = flags;
  const model = flags.model ?? modelOfStages(flags);
  if (model === undefined) {
    throw new UsageError('no model was named', { hint: 'add --model NAME, or --model offline to try it without one' });
  }
  const own = ownFlagsOf(flags);
  const models = new Set([model, ...own.map(([, stage]) => stage.model ?? model)]);
  if (models.has('offline')) {
    say('rareflow: the offline model only exercises the pipeline; its output is not training data');
  }
  const attempts = queueOf({ ...flags }, env);
  // With a queue its workers know the servers.
  const baseUrl = attempts === undefined ? baseUrlsOf(flags, env) : [];
  const keyNames = keyNamesFor(baseUrl, flags.apiKeyEnv);
  const cache = cacheFolder(flags, env);
  if (cache !== undefined) checkStorePath(cache);
  // Stages with one object have one model, with its connections.
  const stageModels = new Map([...new Set(own.map(([, flags]) => flags))].map((flags) => [flags, stageModelOf(flags)]));
  const stages = own.map(([stage, flags]) => [stage, stageModels.get(flags)]);
  return createModel({
    ...valuesOf(sameInLibrary, flags),
    ...(stages.length > 0 && { models: Object.fromEntries(stages) }),
    ...(models.size === 1 && models.has('offline') ? {} : headersOf(flags, env)),
    model,
    attempts,
    baseUrl,
    proxy: proxiesIn(env),
    concurrency,
    apiKey: model === 'offline' ? undefined : baseUrl.map((url, index) => keyOf(url, keyNames[index])),
    keyName: keyNames.map((name) => name ?? 'OPENAI_API_KEY'),
    cache,
    batch: journalFolder(flags),
    batchRequests: flags.batchRequests,
    batchPollMs: batchPollSeconds && batchPollSeconds * 1000,
    prices: pricesOf(flags.prices),
    onNotice: (notice) => say(`rareflow: ${inFlags(notice)}`),
    ...more,
  });

  /** A stage with a base URL of its own has a key of its own; else that of the run is used. */
  function stageModelOf({ apiKeyEnv, ...own }: OwnFlags): StageModel {
    if (own.model === 'offline') return own;
    if (own.baseUrl === undefined && apiKeyEnv === undefined) {
      const runKeys = model === 'offline' ? { apiKey: baseUrl.map((url) => keyOf(url, undefined, own.model)) } : {};
      return { ...own, ...runKeys };
    }
    const urls = own.baseUrl === undefined ? baseUrl : [own.baseUrl].flat();
    const names = keyNamesFor(urls, apiKeyEnv);
    const apiKey = urls.map((url, index) => keyOf(url, names[index], own.model, own.baseUrl !== undefined));
    return { ...own, apiKey, keyName: names.map((name) => name ?? 'OPENAI_API_KEY') };
  }

  /** OPENAI_API_KEY is sent to OpenAI and to the server of OPENAI_BASE_URL; to others only if a flag names it. */
  function keyOf(
    url: string,
    name: string | undefined,
    asked: string | undefined = model,
    isGiven = given !== undefined,
  ): string | undefined {
    if (name !== undefined) return apiKeyIn(name, env);
    const isOpenai = URL.canParse(url) && new URL(url).hostname === 'api.openai.com';
    if (isOpenai && !env.OPENAI_API_KEY) {
      throw new UsageError(`no key for ${asked} at api.openai.com`, {
        hint: 'export OPENAI_API_KEY=…, or name a local server with --base-url, or try --model offline',
      });
    }
    return isOpenai || !isGiven ? env.OPENAI_API_KEY || undefined : undefined;
  }
}

/** Returns the variable that holds the key of each server: one for all, one for each, or none. */
function keyNamesFor(urls: string[], given: string | string[] = []): (string | undefined)[] {
  const names = [given].flat();
  if (names.length > 1 && names.length !== urls.length) {
    throw new UsageError(`--api-key-env was given ${names.length} times for ${urls.length} servers`, {
      hint: 'give it once for all of them, or once for each --base-url, in order',
    });
  }
  return urls.map((_, index) => names[index] ?? names[0]);
}

/** The model of a run, and how its judges are named: calls of all of them go to one model, by the stages that ask. */
export interface RunModels {
  model: RareflowModel;
  /** The model that judges: that of the run, unless the flags name another one. */
  judgeModel: ChatModel;
  confirmModel: ChatModel | undefined;
}

/** Opens the model of a run with those of its judges. Throws UsageError for flags that do not go together. */
export function openModels(
  flags: ModelFlags & { judgeModel?: string | undefined; confirmModel?: string | undefined },
  env: NodeJS.ProcessEnv,
): RunModels {
  const { judgeModel, confirmModel } = flags;
  const unused = judgeFlagIn(flags, 'confirm');
  if (confirmModel === undefined && unused !== undefined) {
    throw new UsageError(`${flagName(unused)} needs --confirm-model`);
  }
  const model = openModel(flags, env);
  const named = (name: string): ChatModel => ({ name, complete: model.complete });
  return {
    model,
    judgeModel: judgeModel === undefined ? model : named(judgeModel),
    confirmModel: confirmModel === undefined ? undefined : named(confirmModel),
  };
}
