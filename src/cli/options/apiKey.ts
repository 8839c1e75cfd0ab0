import { UsageError } from '../../errors.js';

/** The key in the environment variable of that name. Throws UsageError where it is none, or where a key was given as the name. */
export function apiKeyIn(name: string, env: NodeJS.ProcessEnv): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new UsageError('--api-key-env takes the name of a variable, not a key', {
      hint: 'export the key under a name, and give that name',
    });
  }
  const key = env[name];
  if (key) return key;
  throw new UsageError(`the environment variable ${name} is not set`, { hint: `export ${name}=…` });
}
