import { UsageError } from '../errors.js';
import type { RemoteAttempts } from '../llm/remoteAttempts.js';
import { redisAddress } from './address.js';
import { queueKeys } from './keys.js';
import { requireQueuePackages } from './packages.js';
import type { CallQueueOptions, QueueCoordinator } from './queueCoordinator.js';

export type { CallQueueOptions };

/**
 * Makes the attempts of a model by a queue of calls in Redis, from which workers on any machine pull. It connects at `join`, or
 * at the first call.
 *
 * @throws UsageError if the address or the name cannot be used, or bullmq and ioredis are not installed
 */
export function callQueue(options: CallQueueOptions): RemoteAttempts {
  requireQueuePackages();
  const address = redisAddress(options.queue, options.password);
  const keys = queueKeys(options.queueName ?? 'calls');
  let model: string | undefined;
  let opened: Promise<QueueCoordinator> | undefined;
  return {
    label: `queue ${options.queueName ?? 'calls'}`,
    connect(remote) {
      if (model !== undefined && model !== remote.model) {
        throw new UsageError(`one queue serves one model, and this run has ${model} and ${remote.model}`, {
          hint: 'let all stages ask one model, or run the stages one after the other, each with its queue',
        });
      }
      model = remote.model;
      const open = async () => {
        const { QueueCoordinator: Coordinator } = await import('./queueCoordinator.js');
        return new Coordinator(options, { address, keys, remote });
      };
      const coordinator = () => {
        opened ??= open();
        return opened;
      };
      return {
        name: remote.model,
        join: async () => (await coordinator()).join(),
        complete: async (request, { signal } = {}) => (await coordinator()).complete(request, remote, signal),
        leave: () => void opened?.then((queue) => queue.leave()),
        close: async () => (await opened)?.close(),
      };
    },
  };
}
