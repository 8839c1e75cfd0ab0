import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../errors.js';
import { defineRunMetrics } from './runMetrics.js';
import type { RunView } from './runPicture.js';
import { say } from './terminal.js';

export interface MetricsFlags {
  metricsPort?: number;
  metricsHost?: string;
}

/** Serves the metrics of the process, and of a run once there is one. */
export interface Metrics extends AsyncDisposable {
  /** Where the figures of a run come from, whenever they are asked for. */
  watch(viewOf: () => RunView | undefined): void;
}

/**
 * Serves `/metrics` in Prometheus' format, until it is disposed of; it keeps no process alive. Undefined where no port is
 * named. Throws UsageError for a port that cannot be had.
 */
export async function openMetrics({ metricsPort, metricsHost }: MetricsFlags): Promise<Metrics | undefined> {
  if (metricsPort === undefined) {
    if (metricsHost !== undefined) throw new UsageError('--metrics-host goes with --metrics-port');
    return undefined;
  }
  const host = metricsHost ?? '127.0.0.1';
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client');
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
    const where = `--metrics-port ${metricsPort} cannot be had at ${host}`;
    throw new UsageError(`${where}: ${cause.message}`, { hint: 'name another port, or 0 for a free one', cause });
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
    async [Symbol.asyncDispose]() {
      registry.clear();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
