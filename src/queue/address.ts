import { UsageError } from '../errors.js';

/** The address of a Redis server, as its client takes it. */
export interface RedisAddress {
  /** Host and port, for messages: never with credentials. */
  label: string;
  connection: {
    host: string;
    port: number;
    db: number;
    username?: string;
    password?: string;
    tls?: { servername: string };
  };
}

const EXPECTED = 'redis://HOST:PORT, or rediss:// for TLS; USER:PASSWORD@ before the host and /DB after it if needed';

/** Reads the address of a Redis server. A password that is given apart counts. Errors quote no part of the address: it may hold one. */
export function redisAddress(url: string, password?: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const db = Number(parsed?.pathname.replace(/^\/?$/, '0').replace(/^\//, ''));
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '' || !Number.isInteger(db)) {
    throw new UsageError(`the address of the queue must be ${EXPECTED}`);
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = Number(parsed.port || 6379);
  const secret = password ?? decodeURIComponent(parsed.password);
  return {
    label: `${parsed.hostname}:${port}`,
    connection: {
      ...{ host, port, db },
      ...(parsed.username !== '' && { username: decodeURIComponent(parsed.username) }),
      ...(secret !== '' && { password: secret }),
      ...(parsed.protocol === 'rediss:' && { tls: { servername: host } }),
    },
  };
}
