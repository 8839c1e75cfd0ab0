import { UsageError } from '../errors.js';
import { redisAddress } from './address.js';
import { queueKeys } from './keys.js';
import { loadQueuePackages } from './packages.js';
import { RedisControl } from './redisControl.js';
import { type CoordinatorState, LOST_AFTER_MS, Registry, type SeenWorker } from './registry.js';

/** A queue as it is now. */
export interface QueueView {
  coordinator: Omit<CoordinatorState, 'id'> | undefined;
  workers: (SeenWorker & { isLost: boolean })[];
}

interface QueueViewOptions {
  queue: string;
  queueName: string;
  password?: string | undefined;
  /** The host, or the worker by its name, whose workers shall finish their calls and leave. */
  drain?: string | undefined;
}

const PATIENCE_MS = 5000;

/** Returns who uses a queue, after asking a host's workers to leave if one is named. Throws UsageError if Redis cannot be used. */
export async function viewQueue({ queue, queueName, password, drain }: QueueViewOptions): Promise<QueueView> {
  const keys = queueKeys(queueName);
  const control = new RedisControl(await loadQueuePackages(), redisAddress(queue, password));
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([control.life(), late]);
    if (control.refusal !== undefined) throw control.refusal;
    if (control.client.status !== 'ready') {
      throw new UsageError(`Redis at ${control.label} cannot be reached: ${control.lastError}`);
    }
    const registry = new Registry(control.client, keys);
    if (drain !== undefined) await registry.drain(drain);
    const workers = await registry.workers();
    if (drain !== undefined && !workers.some(({ name, host }) => name === drain || host === drain)) {
      const known = [...new Set(workers.map(({ host }) => host))].join(', ');
      throw new UsageError(`no worker of the queue ${queueName} runs on ${drain}`, {
        hint: known === '' ? 'it has no workers' : `its hosts: ${known}`,
      });
    }
    return {
      coordinator: await registry.coordinator(),
      workers: workers.map((worker) => ({ ...worker, isLost: worker.silentMs >= LOST_AFTER_MS })),
    };
  } finally {
    clearTimeout(timer);
    control.close();
  }
}
