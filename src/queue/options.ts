import { concurrencyOption } from '../flow/options.js';
import { stageModelOptions } from '../llm/options.js';
import { text, wholeNumber } from '../util/options.js';

const facts = { group: 'Queue', shapesRecords: false } as const;

/** The queue of model calls, as coordinators, workers and those who look at it name it. */
export const queueOptions = {
  queue: text({
    help: 'the Redis server of the queue: redis://HOST:PORT, or rediss:// for TLS',
    placeholder: '<url>',
    defaultText: 'no queue',
    ...facts,
  }),
  queueName: text({
    help: 'the name of the queue: one for each run',
    placeholder: '<name>',
    default: 'calls',
    ...facts,
  }),
  queuePasswordEnv: text({
    help: 'the environment variable that holds the password of Redis',
    placeholder: '<name>',
    defaultText: 'that in the address',
    ...facts,
  }),
};

export const queueTimeoutOption = wholeNumber({
  help: 'stop, to be resumed, after Redis was away or full, or no worker was there, for this many seconds',
  default: 1800,
  ...facts,
});

/** The time that this machine's server has for an attempt; a run may give it less. */
export const attemptLimitOption = {
  ...stageModelOptions.attemptTimeoutMs,
  help: 'the timeout of an attempt in milliseconds, if that of the run is not shorter',
  defaultText: "the run's",
  group: 'Queue',
};

/** The calls that a worker makes at once. */
export const slotsOption = {
  ...concurrencyOption,
  group: facts.group,
  help: 'how many model calls this worker makes at once',
};
