import type { ChatModel, Completion } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { type Clock, systemClock } from '../limits/clock.js';
import { Slots } from '../limits/semaphore.js';
import type { Endpoint } from './endpointHealth.js';

/** One server: the way to it, through its own limits, and its state. */
export interface Lane {
  model: ChatModel;
  endpoint: Endpoint;
  /** Host and port, as notices name it. */
  host?: string | undefined;
}

export interface RouteOptions {
  /** The most attempts in flight at once over all lanes, where there are several; a single one keeps its own limit. */
  concurrency?: number | undefined;
  clock?: Clock | undefined;
  /** Told of a server that is given up while others go on. */
  onNotice?: ((message: string) => void) | undefined;
}

/** A model behind one server or several. */
export interface Route extends ChatModel {
  /** The server that a failed attempt went to; the first one without it. */
  endpointOf(failure?: AttemptError): Endpoint;
  /** True where `error` only ended one server of several: the call may be made again. */
  survives(error: unknown): boolean;
}

interface Traffic extends Lane {
  /** Calls on their way through the lane, in flight or waiting in it. */
  calls: number;
  /** Of these, the ones that came just now: they have had no time to go out, and do not wait for anything. */
  fresh: number;
}

/**
 * Sends each attempt to one of the lanes: of those that may be called now, the one where the fewest wait for its limits,
 * then the one with the fewest in flight. Where none may, it waits for the first. A server that has stopped gets no more
 * calls; those that waited for it go to the others. Rejects with the ModelError of the last when all have stopped.
 */
export function route(lanes: Lane[], { concurrency = 16, clock = systemClock, onNotice }: RouteOptions = {}): Route {
  const traffic: Traffic[] = lanes.map((lane) => ({ ...lane, calls: 0, fresh: 0 }));
  const slots = new Slots(lanes.length > 1 ? concurrency : Number.POSITIVE_INFINITY);
  const origins = new WeakMap<AttemptError, Endpoint>();
  const closed = new Set<Endpoint>();

  const openLanes = () => traffic.filter(({ endpoint }) => !endpoint.stopped.aborted);

  const survives = (error: unknown): boolean => {
    const ended = traffic.find(({ endpoint }) => endpoint.stopped.aborted && endpoint.stopped.reason === error);
    if (ended === undefined || openLanes().length === 0) return false;
    if (!closed.has(ended.endpoint)) {
      closed.add(ended.endpoint);
      onNotice?.(`${(error as Error).message}; the calls to ${ended.host ?? 'it'} go to the other endpoints`);
    }
    return true;
  };

  /** Takes a place in the best lane, as soon as there is one: counted at once, so that of several calls each sees those before it. */
  const enter = async (signal: AbortSignal | undefined): Promise<Traffic> => {
    for (;;) {
      signal?.throwIfAborted();
      const open = openLanes();
      if (open.length === 0) throw traffic.at(-1)?.endpoint.stopped.reason;
      const ready = open.filter(({ endpoint }) => endpoint.readyInMs() <= 0);
      if (ready.length > 0)
        return entered(ready.reduce((best, lane) => (isLess(load(lane), load(best)) ? lane : best)));
      const soonestMs = Math.min(...open.map(({ endpoint }) => endpoint.readyInMs()));
      await clock.sleep(Math.max(1, soonestMs), signal, ...open.map(({ endpoint }) => endpoint.stopped));
    }
  };

  const send = async (lane: Traffic, ...[request, options]: Parameters<ChatModel['complete']>): Promise<Completion> => {
    try {
      return await lane.model.complete(request, options);
    } catch (error) {
      if (error instanceof AttemptError) origins.set(error, lane.endpoint);
      throw error;
    } finally {
      lane.calls -= 1;
    }
  };

  return {
    name: lanes[0]?.model.name ?? '',
    async complete(request, options = {}) {
      const { signal } = options;
      for (;;) {
        try {
          const enders = [signal, ...openLanes().map(({ endpoint }) => endpoint.stopped)];
          return await slots.use(enders, async () => send(await enter(signal), request, options));
        } catch (error) {
          const turnedBack = error instanceof AttemptError && error.fault === 'not-sent';
          if (!turnedBack && !survives(error)) throw error;
        }
      }
    },
    endpointOf: (failure) => (failure && origins.get(failure)) ?? (traffic[0] as Traffic).endpoint,
    survives,
  };
}

function entered(lane: Traffic): Traffic {
  lane.calls += 1;
  lane.fresh += 1;
  setImmediate(() => {
    lane.fresh -= 1;
  });
  return lane;
}

/** How many wait in the lane, then how many it has in all. */
function load({ calls, fresh, endpoint }: Traffic): [number, number] {
  return [Math.max(0, calls - endpoint.inFlight - fresh), calls];
}

function isLess([a, b]: [number, number], [c, d]: [number, number]): boolean {
  return a < c || (a === c && b < d);
}
