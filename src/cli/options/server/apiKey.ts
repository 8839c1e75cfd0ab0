import { UsageError } from '../../../errors.js';

/** The key in an environment variable. Throws UsageError if it is not set, or if a key was given as its name. */
export function apiKeyIn(name: string, env: NodeJS.ProcessEnv, flag = '--api-key-env'): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new UsageError(`${flag} takes the name of an environment variable, not a key`, {
      hint: 'export the key under a name, and give that name',
    });
  }
  const key = env[name];
  if (key) return key;
  throw new UsageError(`the environment variable ${name} is not set`, { hint: `export ${name}=…` });
}
