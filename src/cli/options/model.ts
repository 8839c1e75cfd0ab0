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

const otherServer = (role: string) =>
  list({
    help: `the API of the ${role}`,
    placeholder: '<url>',
    defaultText: 'that of --base-url',
    group: 'Judges',
    shapesRecords: false,
  });
const otherKey = (role: string) =>
  list({
    help: `the environment variable that holds the key of the ${role}`,
    placeholder: '<name>',
    defaultText: 'that of --api-key-env',
    group: 'Judges',
    shapesRecords: false,
  });

/** The model that judges, if it is not that of the run. */
export const judgeModelFlags = {
  judgeModel: text({
    help: 'the model that judges and accepts',
    placeholder: '<name>',
    defaultText: 'that of --model',
    group: 'Judges',
  }),
  judgeBaseUrl: otherServer('model that judges'),
  judgeApiKeyEnv: otherKey('model that judges'),
};

/** The second model, which reads only what the first one flagged. */
export const confirmModelFlags = {
  confirmModel: text({
    help: 'a second model, which reads only the negatives that the first one flagged, and whose verdict counts',
    placeholder: '<name>',
    defaultText: 'none',
    group: 'Judges',
  }),
  confirmBaseUrl: otherServer('second model'),
  confirmApiKeyEnv: otherKey('second model'),
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
  ...batchFlagOptions,
  ...queueOptions,
  queueTimeout: queueTimeoutOption,
  ...dryRunOptions,
};
