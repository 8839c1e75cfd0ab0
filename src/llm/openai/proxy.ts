import { BlockList, isIP } from 'node:net';
import { UsageError } from '../../errors.js';
import type { ProxySettings } from '../options.js';

/** A proxy that requests go through. */
export interface ServerProxy {
  /** Its address without credentials. */
  origin: string;
  /** The `proxy-authorization` header, if its address has a user. */
  authorization: string | undefined;
  /** Its secrets, which no message may quote. */
  secrets: Record<string, string>;
}

/** Returns the proxy for a server; undefined if it is called directly. Throws UsageError for an address that is not one. */
export function proxyFor(url: URL, { http, https, noProxy = '' }: ProxySettings): ServerProxy | undefined {
  const given = url.protocol === 'https:' ? https : http;
  if (!given || isExempt(url, noProxy)) return undefined;
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const address = given.includes('://') ? given : `http://${given}`;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  if (proxy === undefined || !/^https?:$/.test(proxy.protocol)) {
    throw new UsageError(`${variable} is not the address of a proxy`, {
      hint: 'write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT; SOCKS proxies are not supported',
    });
  }
  const user = decodeURIComponent(proxy.username);
  const password = decodeURIComponent(proxy.password);
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  const hasUser = user !== '' || password !== '';
  return {
    origin: proxy.origin,
    authorization: hasUser ? `Basic ${basic}` : undefined,
    secrets: hasUser ? { basic, ...(password === '' ? { user } : { password }) } : {},
  };
}

const defaultPorts: Record<string, string> = { 'http:': '80', 'https:': '443' };

/** Returns true if NO_PROXY names the host of a URL. */
function isExempt({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const actualPort = port || defaultPorts[protocol];
  return noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', onPort] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
      if (onPort !== undefined && onPort !== actualPort) return false;
      return isNamed(host, name.replace(/^\[|\]$/g, '').toLowerCase());
    });
}

function isNamed(host: string, name: string): boolean {
  const [, net = '', prefix = ''] = /^([\da-f.:]+)\/(\d{1,3})$/.exec(name) ?? [];
  if (isIP(net) !== 0 && isIP(net) === isIP(host)) {
    const family = isIP(net) === 6 ? 'ipv6' : 'ipv4';
    if (Number(prefix) > (family === 'ipv6' ? 128 : 32)) return false;
    const list = new BlockList();
    list.addSubnet(net, Number(prefix), family);
    return list.check(host, family);
  }
  const domain = name.replace(/^\*?\./, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}
