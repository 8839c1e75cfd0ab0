import { createRequire } from 'node:module';
import { UsageError } from '../errors.js';

/** The packages of a queue, loaded on use: an install without them has everything but queues. */
const importPackages = async () => {
  const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
  return { Queue: bullmq.Queue, QueueEvents: bullmq.QueueEvents, Worker: bullmq.Worker, Redis: ioredis.Redis };
};

export type QueuePackages = Awaited<ReturnType<typeof importPackages>>;

/** Throws UsageError, with the command that installs them, if a package is missing; loads neither. */
export function requireQueuePackages(resolve: (name: string) => string = createRequire(import.meta.url).resolve): void {
  try {
    for (const name of ['bullmq', 'ioredis']) resolve(name);
  } catch (cause) {
    throw missingPackages(cause);
  }
}

/** Loads bullmq and ioredis. Throws UsageError, with the command that installs them, if they are missing. */
export async function loadQueuePackages(load = importPackages): Promise<QueuePackages> {
  try {
    return await load();
  } catch (cause) {
    throw missingPackages(cause);
  }
}

const missingPackages = (cause: unknown) =>
  new UsageError('a queue needs the packages bullmq and ioredis, which are not installed', {
    hint: 'npm install bullmq@^6.7 ioredis@^6 (with -g if rareflow was installed so)',
    cause,
  });
