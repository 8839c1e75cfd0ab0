import { proxyFor } from '../../../llm/openai/proxy.js';
import type { ProxySettings } from '../../../llm/options.js';

/** The proxies that the environment names. Names in lower case come first, as with other programs; an empty one means none. */
export function proxiesIn(env: NodeJS.ProcessEnv): ProxySettings {
  const named = (name: string) => env[name.toLowerCase()] ?? env[name];
  const all = named('ALL_PROXY');
  return {
    http: named('HTTP_PROXY') ?? all,
    https: named('HTTPS_PROXY') ?? all,
    noProxy: named('NO_PROXY'),
  };
}

/** Returns true if the environment names a proxy. */
export function usesProxy(env: NodeJS.ProcessEnv): boolean {
  const { http, https } = proxiesIn(env);
  return Boolean(http || https);
}

/** Describes the ways to servers, through a proxy or directly. Throws UsageError for an address that is not one of a proxy. */
export function proxyReport(env: NodeJS.ProcessEnv, baseUrls: string[]): string {
  const proxies = proxiesIn(env);
  const ways = baseUrls
    .filter((url) => URL.canParse(url))
    .map((url) => new URL(url))
    .map((url) => {
      const proxy = proxyFor(url, proxies);
      return proxy === undefined ? `${url.host} directly` : `${url.host} through ${proxy.origin}`;
    });
  return [...new Set(ways)].join(', ');
}
