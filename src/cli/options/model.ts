import { sampleOption } from '../../flow/options.js';
import { modelOptions } from '../../llm/options.js';
import { queueOptions, queueTimeoutOption } from '../../queue/options.js';
import { list, pick, text } from '../../util/options.js';
import { batchFlagOptions } from './batch.js';
import { cacheOption } from './cacheFolder.js';
import { dryRunOptions } from './dryRun.js';
import { pricesOption } from './pricesFile.js';
import { extraBodyOption } from './server/extraBody.js';
import { headerOptions } from './server/headers.js';

/** The model that a command asks. */
export const modelFlags = {
  model: text({
    help: 'the model to ask; offline needs no server, and its output is not training data',
    placeholder: '<name>',
    group: 'Model',
  }),
  ...pick(modelOptions, 'baseUrl'),
  apiKeyEnv: list({
    help: 'the environment variable that holds the key for --base-url; once for all servers, or once for each in order',
    placeholder: '<name>',
    defaultText: 'OPENAI_API_KEY, for OpenAI only',
    group: 'Model',
    shapesRecords: false,
  }),
  ...pick(modelOptions, 'temperature', 'topP', 'maxTokens', 'reasoningEffort'),
  extraBody: extraBodyOption,
  ...headerOptions,
  ...pick(modelOptions, 'structuredOutput', 'stream', 'clientCert', 'clientKey', 'capabilities'),
};

/** Everything that a command has which asks a model for each record. */
export const askingFlags = {
  ...modelFlags,
  ...pick(
    modelOptions,
    'requestsPerMinute',
    'tokensPerMinute',
    'adaptiveConcurrency',
    'attemptTimeoutMs',
    'truncatedPrompts',
  ),
  cache: cacheOption,
  prices: pricesOption,
  ...pick(modelOptions, 'budgetUsd', 'budgetTokens'),
  sample: sampleOption,
  ...batchFlagOptions,
  ...queueOptions,
  queueTimeout: queueTimeoutOption,
  ...dryRunOptions,
};
