import { UsageError } from '../../errors.js';
import type { RemoteAttempts } from '../../llm/remoteAttempts.js';
import { callQueue } from '../../queue/callQueue.js';
import type { queueOptions } from '../../queue/options.js';
import type { Resolved } from '../../util/options.js';
import { flagName } from './flags.js';
import { apiKeyIn } from './server/apiKey.js';

export type QueueFlags = Partial<Resolved<typeof queueOptions>> & { queueTimeout?: number | undefined };

/** Flags about a server: with a queue its workers have them, and no key travels. */
const ofWorkers = [
  ...['baseUrl', 'apiKeyEnv', 'header', 'headerEnv', 'clientCert', 'clientKey', 'stream', 'capabilities', 'batch'],
  ...['doc2queryModel', 'doc2queryBaseUrl', 'doc2queryApiKeyEnv'],
  ...['reasonDistillModel', 'reasonDistillBaseUrl', 'reasonDistillApiKeyEnv'],
  ...['judgeModel', 'judgeBaseUrl', 'judgeApiKeyEnv', 'confirmModel', 'confirmBaseUrl', 'confirmApiKeyEnv'],
];

/** Returns the password that the flags name; undefined if it is in the address or there is none. */
export function queuePassword({ queuePasswordEnv }: QueueFlags, env: NodeJS.ProcessEnv): string | undefined {
  return queuePasswordEnv === undefined ? undefined : apiKeyIn(queuePasswordEnv, env, '--queue-password-env');
}

/** Returns the queue that makes the attempts of a run; undefined without --queue. Throws UsageError for flags of a server beside it. */
export function queueOf(
  flags: QueueFlags & Record<string, unknown>,
  env: NodeJS.ProcessEnv,
): RemoteAttempts | undefined {
  const { queue, queueName, queueTimeout } = flags;
  if (queue === undefined) return undefined;
  if (flags.model === 'offline')
    throw new UsageError('the offline model needs no queue', { hint: 'leave out --queue' });
  const extra = ofWorkers.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (extra !== undefined) {
    throw new UsageError(`${flagName(extra)} does not go with --queue: the workers of the queue ask the servers`, {
      hint: `give ${flagName(extra)} to rareflow worker`,
    });
  }
  return callQueue({ queue, queueName, password: queuePassword(flags, env), timeoutSeconds: queueTimeout });
}
