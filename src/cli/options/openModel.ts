import { UsageError } from '../../errors.js';
import { createModel, type ModelOptions, type RareflowModel } from '../../llm/createModel.js';
import { modelGroup } from '../../llm/modelGroup.js';
import type { StageModel } from '../../llm/options.js';
import { checkStorePath } from '../../store/folder.js';
import { pick, type Resolved, valuesOf } from '../../util/options.js';
import { inFlags, say } from '../progress/terminal.js';
import { apiKeyIn } from './apiKey.js';
import { journalFolder } from './batch.js';
import { cacheFolder } from './cacheFolder.js';
import { flagName } from './flags.js';
import { askingFlags, type confirmModelFlags, type judgeModelFlags } from './model.js';
import { pricesOf } from './pricesFile.js';
import { baseUrlsOf } from './server/baseUrls.js';
import { headersOf } from './server/headers.js';
import { proxiesIn } from './server/proxies.js';
import { attemptsOf } from './server/queue.js';
import { modelOfStages, type OwnFlags, ownFlagsOf } from './server/stageModels.js';

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
  const keyNames = [flags.apiKeyEnv ?? []].flat();
  if (model === undefined) {
    throw new UsageError('no model was named', { hint: 'add --model NAME, or --model offline to try it without one' });
  }
  if (model === 'offline') {
    say('rareflow: the offline model only exercises the pipeline; its output is not training data');
  }
  const attempts = attemptsOf({ ...flags }, env);
  // With a queue its workers know the servers.
  const baseUrl = attempts === undefined ? baseUrlsOf(flags, env) : [];
  if (keyNames.length > 1 && keyNames.length !== baseUrl.length) {
    throw new UsageError(`--api-key-env was given ${keyNames.length} times for ${baseUrl.length} servers`, {
      hint: 'give it once for all of them, or once for each --base-url, in order',
    });
  }
  const cache = cacheFolder(flags, env);
  if (cache !== undefined) checkStorePath(cache);
  const stages = ownFlagsOf(flags).map(([stage, own]): [string, StageModel] => [stage, stageModelOf(own)]);
  return createModel({
    ...valuesOf(sameInLibrary, flags),
    ...(stages.length > 0 && { models: Object.fromEntries(stages) }),
    ...(model === 'offline' ? {} : headersOf(flags, env)),
    model,
    attempts,
    baseUrl,
    proxy: proxiesIn(env),
    concurrency,
    apiKey: model === 'offline' ? undefined : baseUrl.map((url, index) => keyOf(url, keyNames[index] ?? keyNames[0])),
    keyName: baseUrl.map((_, index) => keyNames[index] ?? keyNames[0] ?? 'OPENAI_API_KEY'),
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
    const apiKey = urls.map((url) => keyOf(url, apiKeyEnv, own.model, own.baseUrl !== undefined));
    return { ...own, apiKey, keyName: urls.map(() => apiKeyEnv ?? 'OPENAI_API_KEY') };
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

type OtherModelFlags = Partial<Resolved<typeof judgeModelFlags & typeof confirmModelFlags>>;

export interface RunModels {
  model: RareflowModel;
  /** The model that judges: that of the run, unless the flags name another one. */
  judgeModel: RareflowModel;
  confirmModel: RareflowModel | undefined;
  /** All of them, for their usage and their end. */
  all: RareflowModel;
}

/** Opens the model of a run and those of its judges. Throws UsageError for flags that do not go together. */
export function openModels(flags: ModelFlags & OtherModelFlags, env: NodeJS.ProcessEnv): RunModels {
  const { judgeModel, judgeBaseUrl, judgeApiKeyEnv, confirmModel, confirmBaseUrl, confirmApiKeyEnv } = flags;
  const given = { judgeBaseUrl, judgeApiKeyEnv, confirmBaseUrl, confirmApiKeyEnv };
  for (const [name, value] of Object.entries(given)) {
    const role = name.startsWith('judge') ? 'judge' : 'confirm';
    if (value === undefined || flags[`${role}Model`] !== undefined) continue;
    throw new UsageError(`${flagName(name)} needs --${role}-model`);
  }
  if ((judgeModel ?? confirmModel) !== undefined && (flags.budgetUsd ?? flags.budgetTokens) !== undefined) {
    throw new UsageError('a budget covers one model, and this run has several', {
      hint: 'judge with the model of the run, or judge in a command of its own with its own budget',
    });
  }
  const apart = [
    ['judge', judgeModel, judgeBaseUrl],
    ['confirm', confirmModel, confirmBaseUrl],
  ] as const;
  for (const [role, name, url] of apart) {
    if (flags.queue === undefined || name === undefined || url !== undefined) continue;
    throw new UsageError(`--${role}-model needs --${role}-base-url beside --queue: the queue serves one model`);
  }
  const model = openModel(flags, env);
  const other = (name: string, baseUrl?: string | string[], apiKeyEnv?: string | string[]) =>
    openModel(
      {
        ...flags,
        model: name,
        ...(baseUrl !== undefined && { queue: undefined }),
        baseUrl: baseUrl ?? flags.baseUrl,
        apiKeyEnv: apiKeyEnv ?? (baseUrl === undefined ? flags.apiKeyEnv : undefined),
        ...{ batch: undefined, batchRequests: undefined },
      },
      env,
    );
  const judge = judgeModel === undefined ? model : other(judgeModel, judgeBaseUrl, judgeApiKeyEnv);
  const confirm = confirmModel === undefined ? undefined : other(confirmModel, confirmBaseUrl, confirmApiKeyEnv);
  return {
    model,
    judgeModel: judge,
    confirmModel: confirm,
    all: modelGroup([model, judge, ...(confirm ? [confirm] : [])]),
  };
}
