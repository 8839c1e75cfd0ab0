import { UsageError } from '../errors.js';

/** The prefix of all keys in Redis; bull-board needs it. */
export const KEY_PREFIX = 'rareflow';

/** The keys of a queue. The engine has more under the same name, each with an end of its own. */
export interface QueueKeys {
  /** The model and the version that all who use the queue share. */
  identity: string;
  /** The coordinator, while it runs. */
  coordinator: string;
  /** The workers by name: a time and their state as JSON. */
  workers: string;
  completed: string;
  failed: string;
  drain(host: string): string;
  job(id: string): string;
  lock(id: string): string;
}

/** Returns the keys of a queue. Throws UsageError for a name that the engine does not take. */
export function queueKeys(name: string): QueueKeys {
  if (!/^[\w.-]+$/.test(name)) {
    throw new UsageError('the name of a queue must be letters, digits, dots, hyphens and underscores', {
      hint: 'give another --queue-name',
    });
  }
  const key = (end: string) => `${KEY_PREFIX}:${name}:${end}`;
  return {
    identity: key('rareflow-identity'),
    coordinator: key('rareflow-coordinator'),
    workers: key('rareflow-workers'),
    completed: key('completed'),
    failed: key('failed'),
    drain: (host) => key(`rareflow-drain-${host}`),
    job: key,
    lock: (id) => key(`${id}:lock`),
  };
}
