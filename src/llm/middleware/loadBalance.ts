import type { OptionsOf } from '../../util/options.js';
import type { ChatModel, Completion } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { systemClock } from '../limits/clock.js';
import { Semaphore } from '../limits/semaphore.js';
import type { environmentOptions } from '../options.js';
import type { EndpointHealth } from './endpointHealth.js';

/** One server: a model that asks it within its limits, and its health. */
export interface Endpoint {
  model: ChatModel;
  health: EndpointHealth;
  /** Host and port, as notices name it. */
  host?: string | undefined;
}

export interface LoadBalanceOptions extends Pick<OptionsOf<typeof environmentOptions>, 'clock' | 'onNotice'> {
  /** The most attempts in flight at once over all endpoints, if there are several; a single one keeps its own limit. */
  concurrency: number;
  /** Slots that are shared with the models of other stages. */
  slots?: Semaphore | undefined;
}

/** A model behind one server or several. */
export interface LoadBalancedModel extends ChatModel {
  /** Returns the health of the server that a failed attempt went to; without an attempt, of the first server. */
  healthOf(failure?: AttemptError): EndpointHealth;
  /** Returns true if `error` ended only one server of several: the call may be made again. */
  survives(error: unknown): boolean;
}

interface LoadedEndpoint extends Endpoint {
  /** Calls that were sent here, in flight or waiting for its limits. */
  calls: number;
  /** Those of them that came within this turn of the event loop: too new to be in flight, but not waiting. */
  newCalls: number;
}

/**
 * Sends each attempt to one of the endpoints: of those that may be called now, the one with the fewest calls waiting for
 * its limits, then the one with the fewest in flight. If none may be called, waits for the first that may. A server that has
 * stopped gets no more calls; those that waited for it go to the others. Rejects with the ModelError of the last when all
 * have stopped.
 */
export function loadBalance(
  endpoints: Endpoint[],
  { concurrency, clock = systemClock, onNotice, slots: shared }: LoadBalanceOptions,
): LoadBalancedModel {
  const loaded: LoadedEndpoint[] = endpoints.map((endpoint) => ({ ...endpoint, calls: 0, newCalls: 0 }));
  const slots = shared ?? new Semaphore(loaded.length > 1 ? concurrency : Number.POSITIVE_INFINITY);
  const origins = new WeakMap<AttemptError, EndpointHealth>();
  const announced = new Set<EndpointHealth>();

  const working = () => loaded.filter(({ health }) => !health.stopped.aborted);

  const survives = (error: unknown): boolean => {
    const ended = loaded.find(({ health }) => health.stopped.aborted && health.stopped.reason === error);
    if (ended === undefined || working().length === 0) return false;
    if (!announced.has(ended.health)) {
      announced.add(ended.health);
      onNotice?.(`${(error as Error).message}; the calls to ${ended.host ?? 'it'} go to the other endpoints`);
    }
    return true;
  };

  /** Chooses the best endpoint as soon as one may be called. The call counts at once, so that the next one sees it. */
  const choose = async (signal: AbortSignal | undefined): Promise<LoadedEndpoint> => {
    for (;;) {
      signal?.throwIfAborted();
      const open = working();
      if (open.length === 0) throw loaded.at(-1)?.health.stopped.reason;
      const ready = open.filter(({ health }) => health.readyInMs() <= 0);
      if (ready.length > 0)
        return withCall(ready.reduce((best, one) => (isLess(loadOf(one), loadOf(best)) ? one : best)));
      const soonestMs = Math.min(...open.map(({ health }) => health.readyInMs()));
      await clock.sleep(Math.max(1, soonestMs), signal, ...open.map(({ health }) => health.stopped));
    }
  };

  const send = async (
    endpoint: LoadedEndpoint,
    ...[request, options]: Parameters<ChatModel['complete']>
  ): Promise<Completion> => {
    try {
      return await endpoint.model.complete(request, options);
    } catch (error) {
      if (error instanceof AttemptError) origins.set(error, endpoint.health);
      throw error;
    } finally {
      endpoint.calls -= 1;
    }
  };

  return {
    name: endpoints[0]?.model.name ?? '',
    async complete(request, options = {}) {
      const { signal } = options;
      for (;;) {
        try {
          const signals = [signal, ...working().map(({ health }) => health.stopped)];
          return await slots.use(signals, async () => send(await choose(signal), request, options));
        } catch (error) {
          const isHeldBack = error instanceof AttemptError && error.fault === 'not-sent';
          if (!isHeldBack && !survives(error)) throw error;
        }
      }
    },
    healthOf: (failure) => (failure && origins.get(failure)) ?? (loaded[0] as LoadedEndpoint).health,
    survives,
  };
}

function withCall(endpoint: LoadedEndpoint): LoadedEndpoint {
  endpoint.calls += 1;
  endpoint.newCalls += 1;
  setImmediate(() => {
    endpoint.newCalls -= 1;
  });
  return endpoint;
}

/** Returns the number of calls that wait for the endpoint's limits, then that of all its calls. */
function loadOf({ calls, newCalls, health }: LoadedEndpoint): [number, number] {
  return [Math.max(0, calls - health.inFlight - newCalls), calls];
}

function isLess([a, b]: [number, number], [c, d]: [number, number]): boolean {
  return a < c || (a === c && b < d);
}
