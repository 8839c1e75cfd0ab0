import { concurrencyOption } from '../flow/options.js';
import { isRecord } from '../record.js';
import {
  callback,
  choice,
  list,
  number,
  type Option,
  type OptionsOf,
  object,
  onOff,
  type Resolved,
  text,
  value,
  wholeNumber,
} from '../util/options.js';
import { type Capabilities, capabilityNames, isCapabilities, parseCapabilities } from './capabilities.js';
import { type CustomModel, expectedChatModel, isChatModel } from './chatModel.js';
import { femtoDollars } from './cost/dollars.js';
import type { Prices } from './cost/prices.js';
import type { Clock } from './limits/clock.js';
import type { RemoteAttempts } from './remoteAttempts.js';

/** The proxies of the environment: the values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface ProxySettings {
  /** For `http:` servers. */
  http?: string | undefined;
  /** For `https:` servers. */
  https?: string | undefined;
  /** Hosts that are called directly: names with their subdomains, addresses, networks as 10.0.0.0/8, each with a port or without; `*`. */
  noProxy?: string | undefined;
}

/** The longest delay that a timer takes, in milliseconds. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
const SERVER_DEFAULT = "the server's";
const RATE_DEFAULT = "the limit in the server's headers";
const shapesRecords = false;

/** An option for programs: it has no flag, and a resumed run may change it. */
const programOnly = <O extends Option>(option: O): O => ({ ...option, kind: 'object', shapesRecords });

/** A time in milliseconds, for programs. */
const milliseconds = <const F extends { help: string; default: number }>(facts: F) =>
  programOnly(number({ min: 0, max: MAX_TIMER_MS, ...facts }));

const expectedModel = `the name of a model, or ${expectedChatModel}`;
const isName = (model: unknown): model is string => typeof model === 'string' && model !== '';

/** The model. `offline` is the model that needs no server; a CustomModel is wrapped, with one attempt a call. */
const modelOption = value<string | CustomModel, { help: string; required: true; placeholder: string; group: string }>(
  {
    help: 'the model to ask; offline needs no server, and its output is not training data',
    required: true,
    placeholder: '<name>',
    group: 'Model',
  },
  { expected: expectedModel, accepts: (model) => isName(model) || isChatModel(model) },
);

/** The defaults of requests. */
export const samplingOptions = {
  temperature: number({ help: 'sampling temperature', min: 0, defaultText: SERVER_DEFAULT, group: 'Model' }),
  topP: number({ help: 'nucleus sampling', above: 0, max: 1, defaultText: SERVER_DEFAULT, group: 'Model' }),
  maxTokens: wholeNumber({ help: 'the longest answer, in tokens', defaultText: SERVER_DEFAULT, group: 'Model' }),
  /** For the model `offline`: its choice of phrasing. */
  seed: programOnly(
    number({ help: 'the sampling seed of the model', defaultText: "the server's; 0 for the model offline" }),
  ),
};

const isTexts = (given: unknown) => isRecord(given) && Object.values(given).every((one) => typeof one === 'string');

const isStageModels = (given: unknown) => isRecord(given) && Object.values(given).every(isRecord);

const isProxySettings = (given: unknown) =>
  isRecord(given) &&
  Object.entries(given).every(
    ([name, one]) => ['http', 'https', 'noProxy'].includes(name) && (one === undefined || typeof one === 'string'),
  );

/** The fields of a request's body that an extra body may not set: they have options, or rareflow sets them. */
const ownFields = [
  ...['model', 'messages', 'stream', 'stream_options', 'n', 'temperature', 'top_p'],
  ...['max_tokens', 'max_completion_tokens', 'reasoning_effort'],
];

/** The JSON of a flag; the text as it is, which is then refused, if it is not JSON. */
function parsedJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return given;
  }
}

const capabilityFacts = {
  placeholder: '<list>',
  defaultText: "learned from the server's refusals, and kept beside the cache",
  group: 'Model',
  shapesRecords,
};

/** The server of a model that is given by its name. */
export const serverOptions = {
  /**
   * The address of the API, up to its version. Several are servers of the same model: each has its own limits, the least
   * busy is asked first, and `concurrency` applies to all of them together.
   */
  baseUrl: list({
    help: 'an OpenAI-compatible server; if there are several, the least busy is asked',
    placeholder: '<url>',
    defaultText: 'OPENAI_BASE_URL, else OpenAI',
    group: 'Model',
    shapesRecords,
  }),
  /**
   * The key, sent as a bearer token to the base URL's host and nowhere else; none is sent when absent. For several base URLs
   * one key for all, or a list with one each. The library does not read it from the environment: a caller that does must not
   * pass OPENAI_API_KEY for a host other than OpenAI's.
   */
  apiKey: object<string | (string | undefined)[]>()(
    { help: 'the key of the server, or a list with one for each base URL', defaultText: 'none' },
    {
      expected: 'a text or a list of texts',
      accepts: (keys) => [keys].flat().every((key) => key === undefined || typeof key === 'string'),
    },
  ),
  keyName: object<string | string[]>()(
    { help: 'the name of what holds the key, such as a variable, for messages; or a list with one for each base URL' },
    {
      expected: 'a text or a list of texts',
      accepts: (names) => [names].flat().every((name) => typeof name === 'string'),
    },
  ),
  /** Those whose names say key, auth, token, secret or cookie are kept out of the cache's keys. */
  headers: object<Record<string, string>>()(
    { help: 'additional HTTP headers for every request' },
    { expected: 'an object of texts by header name', accepts: isTexts },
  ),
  /** They are in no key of the cache, whatever their names. */
  secretHeaders: object<Record<string, string>>()(
    { help: 'additional HTTP headers whose values are secrets' },
    { expected: 'an object of texts by header name', accepts: isTexts },
  ),
  /** The library reads no environment: a program passes what HTTP_PROXY, HTTPS_PROXY and NO_PROXY hold. */
  proxy: object<ProxySettings>()(
    {
      help: 'the proxies for http: and https: servers, and the hosts that are called without one',
      defaultText: 'none',
    },
    { expected: 'an object of texts with the keys http, https and noProxy', accepts: isProxySettings },
  ),
  /**
   * Whatever a server takes beyond the options here: `chat_template_kwargs`, `top_k`, `min_p`, `presence_penalty`, the routing
   * of a gateway. It is a part of the cache's keys.
   */
  extraBody: value<Record<string, unknown>>(
    {
      help: 'more fields of the body of each request, as JSON or @FILE: {"top_k": 20, "chat_template_kwargs": {…}}',
      placeholder: '<json>',
      group: 'Model',
    },
    {
      expected: `a JSON object without ${ownFields.join(', ')}, which have options or are set by rareflow`,
      accepts: (body) => isRecord(body) && !ownFields.some((name) => Object.hasOwn(body, name)),
      parse: parsedJson,
    },
  ),
  reasoningEffort: text({
    help: 'how long a model thinks, as its server names it: low, medium, high',
    placeholder: '<level>',
    defaultText: SERVER_DEFAULT,
    group: 'Model',
  }),
  /** A part that is not given is learned from the server's refusals, or was by an earlier run with the same cache. */
  capabilities: value<Capabilities, { help: string; helpOff: string; offName: string } & typeof capabilityFacts>(
    {
      help: `parts of requests that the server accepts, as doctor prints them, such as format=none,system-role=no: ${capabilityNames.join(', ')}`,
      helpOff: 'learn again what the servers accept, whatever earlier runs learned',
      offName: 'forget-capabilities',
      ...capabilityFacts,
    },
    {
      expected: `a list of NAME=VALUE with the names ${capabilityNames.join(', ')}`,
      accepts: isCapabilities,
      parse: parseCapabilities,
    },
  ),
  /**
   * `auto` asks by JSON schema, else for any JSON, else in the prompt alone, as it learns from what the model refuses; any
   * other is sent whatever the server says. `none` lets a model reason in its answer if its server would hold the reasoning
   * to the schema too.
   */
  structuredOutput: choice(['auto', 'json_schema', 'json_object', 'none'], {
    help: 'the way to ask for JSON: json_schema, json_object or none; auto learns the strictest that the model accepts',
    default: 'auto',
    group: 'Model',
  }),
  /** An unstreamed answer costs less processor time and always reports its tokens. */
  stream: onOff({
    help: 'stream answers, for servers and proxies that close silent connections',
    default: false,
    group: 'Model',
    shapesRecords,
  }),
  clientCert: text({
    help: 'the PEM file of a client certificate, for a server or proxy that requires one',
    placeholder: '<file>',
    group: 'Model',
    shapesRecords,
  }),
  clientKey: text({
    help: 'the PEM file of its private key',
    placeholder: '<file>',
    defaultText: 'the file of the certificate',
    group: 'Model',
    shapesRecords,
  }),
  /** An answer to a prompt that the server has cut off, as Ollama does in silence at `num_ctx`, may miss the point. */
  truncatedPrompts: choice(['keep', 'reject'], {
    help: 'keep or reject records whose prompts the server seems to have cut off, by the tokens that it reports',
    default: 'keep',
    group: 'Model',
    shapesRecords,
  }),
  connectTimeoutMs: programOnly(
    wholeNumber({ help: 'the timeout of connecting, in milliseconds', max: MAX_TIMER_MS, default: 10_000 }),
  ),
  idleTimeoutMs: programOnly(
    wholeNumber({
      help: 'the longest silence within a streamed answer, in milliseconds',
      max: MAX_TIMER_MS,
      default: 120_000,
    }),
  ),
};

export const timeoutOptions = {
  attemptTimeoutMs: wholeNumber({
    help: 'the timeout of an attempt, its answer included, in milliseconds',
    max: MAX_TIMER_MS,
    default: 600_000,
    group: 'Limits',
    shapesRecords,
  }),
};

export const limitOptions = {
  concurrency: concurrencyOption,
  requestsPerMinute: wholeNumber({
    help: 'send each server at most this many requests a minute',
    defaultText: RATE_DEFAULT,
    group: 'Limits',
    shapesRecords,
  }),
  /** Prompt and answer tokens together. */
  tokensPerMinute: wholeNumber({
    help: 'send each server at most this many tokens a minute',
    defaultText: RATE_DEFAULT,
    group: 'Limits',
    shapesRecords,
  }),
  adaptiveConcurrency: onOff({
    help: 'find the number of concurrent calls that serves best, up to --concurrency',
    default: false,
    group: 'Limits',
    shapesRecords,
  }),
  assumedMaxTokens: programOnly(
    wholeNumber({ help: 'answer tokens reserved for a request without maxTokens', default: 2048 }),
  ),
  windowMs: programOnly(wholeNumber({ help: 'the length of "a minute", in milliseconds', default: 60_000 })),
};

export const retryOptions = {
  /** Holds, waits for a loading model and replays cost no attempt. */
  maxAttempts: programOnly(wholeNumber({ help: 'the most attempts of a call', default: 6 })),
  baseDelayMs: milliseconds({
    help: 'the upper bound of the first pause between attempts, in milliseconds; it doubles with each',
    default: 500,
  }),
  maxDelayMs: milliseconds({ help: 'the longest such pause, in milliseconds', default: 60_000 }),
  maxHoldMs: milliseconds({ help: 'the longest pause that a server may ask for, in milliseconds', default: 600_000 }),
  rateLimitPatienceMs: milliseconds({
    help: 'the longest time that a call retries 429s that name no time, in milliseconds',
    default: 900_000,
  }),
  loadingPatienceMs: milliseconds({
    help: 'the longest time that a call waits for a loading model, in milliseconds',
    default: 600_000,
  }),
  loadingDelayMs: milliseconds({
    help: 'the pause between two calls to a loading model, in milliseconds',
    default: 5000,
  }),
};

export const healthOptions = {
  maxHoldMs: retryOptions.maxHoldMs,
  firstHoldMs: milliseconds({
    help: 'the first hold after a 429 that names no time, in milliseconds; it doubles with each in a row',
    default: 2000,
  }),
  maxGrownHoldMs: milliseconds({ help: 'the longest such hold, in milliseconds', default: 60_000 }),
  probeDelayMs: milliseconds({
    help: 'the pause before a failing server is tried again, in milliseconds; it doubles with each failure',
    default: 1000,
  }),
  maxProbeDelayMs: milliseconds({ help: 'the longest such pause, in milliseconds', default: 60_000 }),
  deadAfterMs: milliseconds({
    help: 'transient faults without a success for this long stop the run, in milliseconds',
    default: 1_800_000,
  }),
  provenAfter: programOnly(
    wholeNumber({
      help: 'successes after which fatalInARow fatal answers in a row stop the run, before that one',
      default: 100,
    }),
  ),
  fatalInARow: programOnly(wholeNumber({ help: 'see provenAfter', default: 3 })),
  badRequestsInARow: programOnly(
    wholeNumber({
      help: 'requests refused as invalid before the first success that stop the run',
      default: 20,
    }),
  ),
};

export const moneyOptions = {
  /**
   * It is created at the first call if it is missing; a request that was answered before costs nothing. Any number of
   * processes on one machine may share it.
   */
  cache: object<string>()(
    { help: 'the folder of an answer cache', defaultText: 'none' },
    { expected: 'the path of a folder', accepts: isName },
  ),
  /** Tokens of a model without a price are counted as unpriced. */
  prices: object<Prices>()(
    { help: 'what models cost' },
    { expected: 'an object with asOf and models', accepts: isRecord },
  ),
  budgetUsd: value<number | string>(
    {
      help: 'stop before the attempts cost more dollars; requires prices and maxTokens',
      placeholder: '<x>',
      group: 'Money',
      shapesRecords,
    },
    {
      expected: 'dollars above 0, such as "12.50"',
      accepts: (amount) => (typeof amount === 'string' || typeof amount === 'number') && Boolean(femtoDollars(amount)),
    },
  ),
  budgetTokens: wholeNumber({
    help: 'stop before prompts and answers use more tokens; requires maxTokens',
    group: 'Money',
    shapesRecords,
  }),
};

export const batchOptions = {
  /**
   * Asks by the provider's Batch API: the folder of its journal, from which a later process continues. A batch holds as many
   * requests as are in progress, so let `concurrency` be `batchRequests`. One base URL, and no rates: batches have none.
   */
  batch: object<string>()(
    { help: "the folder of a batch journal, to ask by the provider's Batch API", defaultText: 'no batches' },
    { expected: 'the path of a folder', accepts: isName },
  ),
  batchRequests: programOnly(
    wholeNumber({ help: 'the most requests in a batch; providers accept at most 50,000', default: 10_000 }),
  ),
  batchBytes: programOnly(
    wholeNumber({ help: 'the most bytes of a batch; providers accept at most 200 MB', default: 100_000_000 }),
  ),
  batchIdleMs: milliseconds({
    help: 'a batch that is not full is sent when no request came for this long, in milliseconds',
    default: 3000,
  }),
  batchPollMs: milliseconds({ help: 'the pause between two looks at the batches, in milliseconds', default: 30_000 }),
};

export const offlineOptions = {
  delayMs: milliseconds({ help: 'the time that an answer of the model offline takes, in milliseconds', default: 0 }),
};

/** The environment of the middleware: clock, random numbers, notices. */
export const environmentOptions = {
  onNotice: callback<(message: string) => void>()({
    help: 'called with messages for the user: what was learned about a server, and that it asks to wait or fails',
  }),
  clock: object<Clock>()(
    { help: 'the time that pauses go by', defaultText: "the system's" },
    { expected: 'an object with now() and sleep(ms)', accepts: (clock) => isRecord(clock) && 'now' in clock },
  ),
  random: callback<() => number>()({ help: 'a random number from 0 to 1, for pauses', defaultText: 'Math.random' }),
};

/** The same option without its default: if it is not given, the run's value counts. */
function withoutDefault<T>(option: Option<T>): Option<T, 'optional'> {
  return { ...option, presence: 'optional', default: undefined };
}

/** The options in which the model of a stage may differ from the run's. */
export const stageModelOptions = {
  model: text({ help: 'the model of the stage', defaultText: "the run's" }),
  baseUrl: serverOptions.baseUrl,
  apiKey: serverOptions.apiKey,
  keyName: serverOptions.keyName,
  extraBody: serverOptions.extraBody,
  reasoningEffort: serverOptions.reasoningEffort,
  temperature: samplingOptions.temperature,
  topP: samplingOptions.topP,
  maxTokens: samplingOptions.maxTokens,
  attemptTimeoutMs: withoutDefault(timeoutOptions.attemptTimeoutMs),
  concurrency: withoutDefault(concurrencyOption),
};

/** The model of one stage: whatever is absent is as in the run. */
export type StageModel = Partial<Resolved<typeof stageModelOptions>>;

const attemptsOption = {
  /** The maker of attempts, if it is not this process: a queue (`callQueue`). Everything around an attempt stays as it is. */
  attempts: object<RemoteAttempts>()(
    { help: 'makes the attempts in place of a server, as a queue does', defaultText: 'the server of baseUrl' },
    { expected: 'an object with connect()', accepts: (given) => isRecord(given) && 'connect' in given },
  ),
};

const modelsOption = {
  /**
   * Models of stages, by the name of the stage that asks: `doc2query`, `reason_distill`, and the judges `judge_questions`,
   * `judge_negatives`, `confirm_negatives` and `accept_reasoning`. They share the budget, the counts and the cache's folder
   * with the run. A stage with a `concurrency` of its own does not count in that of the run; stages that are given one and the
   * same object share its connections and its limits.
   */
  models: object<Record<string, StageModel>>()(
    { help: 'models of stages, with their servers, sampling and limits', defaultText: 'one model for all' },
    { expected: 'an object of objects by the names of stages', accepts: isStageModels },
  ),
};

/** All options of `createModel`. */
export const modelOptions = {
  model: modelOption,
  ...serverOptions,
  ...samplingOptions,
  ...limitOptions,
  ...timeoutOptions,
  ...retryOptions,
  ...healthOptions,
  ...moneyOptions,
  ...batchOptions,
  ...offlineOptions,
  ...modelsOption,
  ...attemptsOption,
  ...environmentOptions,
};

/** The options of `createModel`. */
export type ModelOptions = OptionsOf<typeof modelOptions>;
