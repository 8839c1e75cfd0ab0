import { UsageError } from '../../../errors.js';
import { apiKeyIn } from './apiKey.js';
import { baseUrlsOf } from './baseUrls.js';
import { type HeaderFlags, headersOf } from './headers.js';
import { proxiesIn } from './proxies.js';

interface OneServerFlags extends HeaderFlags {
  baseUrl?: string | string[] | undefined;
  apiKeyEnv?: string | string[] | undefined;
}

/** Returns the one server that flags name, with its key and headers. OPENAI_API_KEY goes to OpenAI and to OPENAI_BASE_URL only. */
export function serverOf(flags: OneServerFlags, env: NodeJS.ProcessEnv) {
  const [baseUrl = '', ...others] = baseUrlsOf(flags, env);
  const [keyName, ...otherKeys] = [flags.apiKeyEnv ?? []].flat();
  if (others.length + otherKeys.length > 0) {
    throw new UsageError('a worker asks one server, with one key', { hint: 'start a worker for each server' });
  }
  const isOpenai = URL.canParse(baseUrl) && new URL(baseUrl).hostname === 'api.openai.com';
  const ownKey = isOpenai || flags.baseUrl === undefined ? env.OPENAI_API_KEY || undefined : undefined;
  return {
    baseUrl,
    apiKey: keyName === undefined ? ownKey : apiKeyIn(keyName, env),
    keyName: keyName ?? 'OPENAI_API_KEY',
    proxy: proxiesIn(env),
    ...headersOf(flags, env),
  };
}
