import type { ModelWorker } from '../../queue/modelWorker.js';
import { type MetricsFlags, openMetrics } from './metrics.js';
import { say, sayJson } from './terminal.js';

const INTERVAL_MS = 1000;

/** Reports what a worker does until it is disposed of: its metrics, its progress as JSON, or a line when it is held. */
export async function reportWorker(
  worker: ModelWorker,
  flags: MetricsFlags & { jsonProgress?: boolean | undefined },
): Promise<AsyncDisposable> {
  const metrics = await openMetrics(flags);
  metrics?.define((registry, { Counter, Gauge }) => {
    const registers = [registry];
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect: function collect() {
          this.set(value());
        },
      });
    new Counter({
      ...{ name: 'rareflow_worker_calls_total', help: 'Calls that reached the server', registers },
      collect() {
        this.reset();
        this.inc(worker.state().calls);
      },
    });
    gauge('rareflow_worker_slots', 'Calls that the worker makes at once', () => worker.state().slots);
    gauge('rareflow_worker_in_flight', 'Calls in flight', () => worker.state().inFlight);
    gauge('rareflow_worker_held', '1 while the worker takes no calls, because its server is down or limits it', () =>
      worker.state().held === undefined ? 0 : 1,
    );
  });
  let heldBefore: string | undefined;
  const timer = setInterval(() => {
    const { name, slots, inFlight, calls, callsPerSecond, held } = worker.state();
    if (flags.jsonProgress) sayJson({ type: 'progress', worker: name, slots, inFlight, calls, callsPerSecond, held });
    else if ((held === undefined) !== (heldBefore === undefined)) {
      say(held === undefined ? 'rareflow: takes calls again' : `rareflow: takes no calls: ${held}`);
    }
    heldBefore = held;
  }, INTERVAL_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await metrics?.[Symbol.asyncDispose]();
    },
  };
}
