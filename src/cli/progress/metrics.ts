import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Counter, Gauge, Registry } from 'prom-client';
import { UsageError } from '../../errors.js';
import type { RunView } from './runView.js';
import { say } from './terminal.js';

export interface MetricsFlags {
  metricsPort?: number | undefined;
  metricsHost?: string | undefined;
}

/** A server of the metrics of the process, and of a run once it has started. */
export interface Metrics extends AsyncDisposable {
  /** Sets the source of a run's figures, which are read at each request. */
  watch(viewOf: () => RunView | undefined): void;
  /** Adds metrics of another kind of process than a run. */
  define(add: (registry: Registry, kinds: { Counter: typeof Counter; Gauge: typeof Gauge }) => void): void;
}

/**
 * Serves `/metrics` in Prometheus' format until it is disposed of, without keeping the process alive. Undefined if no port is
 * given. Throws UsageError if the port cannot be opened.
 */
export async function openMetrics({ metricsPort, metricsHost }: MetricsFlags): Promise<Metrics | undefined> {
  if (metricsPort === undefined) {
    if (metricsHost !== undefined) throw new UsageError('--metrics-host needs --metrics-port');
    return undefined;
  }
  const host = metricsHost ?? '127.0.0.1';
  // The package is CommonJS, of which the bundled command has no named exports.
  const { collectDefaultMetrics, Counter, Gauge, Registry } = (await import('prom-client')).default;
  const { defineRunMetrics } = await import('./runMetrics.js');
  const registry = new Registry();
  let viewOf: () => RunView | undefined = () => undefined;
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('see /metrics\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(`${error}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(metricsPort, host, resolve);
  }).catch((cause: Error) => {
    throw new UsageError(`cannot open --metrics-port ${metricsPort} at ${host}: ${cause.message}`, {
      hint: 'choose another port, or 0 for a free one',
      cause,
    });
  });
  server.unref();
  collectDefaultMetrics({ register: registry });
  defineRunMetrics(registry, { Counter, Gauge }, () => viewOf());
  const { address, family, port } = server.address() as AddressInfo;
  say(`rareflow: metrics at http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`);
  return {
    watch(source) {
      viewOf = source;
    },
    define: (add) => add(registry, { Counter, Gauge }),
    async [Symbol.asyncDispose]() {
      registry.clear();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
