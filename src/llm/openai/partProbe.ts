import type { Completion } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';
import { isUnexplained } from './refusals.js';
import { type ChatCompletionBody, type Droppable, withoutParts } from './requestBody.js';

/** The most probes of one server. */
export const MAX_PROBES = 3;

/** Ends a probe: an answer to use, or the failure to throw. */
type ProbeEnd = { completion: Completion } | { failure: AttemptError };

export interface ProbeHooks {
  /** The parts of a body that were never part of a request that was answered. */
  unproven: (body: ChatCompletionBody) => Droppable[];
  /** Called when a part is known to be refused: the next bodies must not have it. */
  learn: (part: Droppable, sent: ChatCompletionBody) => void;
}

interface ProbedRequest {
  ask: (body: ChatCompletionBody) => Promise<Completion>;
  isOutdated: () => boolean;
}

/**
 * Finds out which part of a request a server refuses in words that name none: the same request is sent without all unproven
 * parts; if it passes, later refused requests are sent without one or two of them. A probe that passes is the answer to its
 * request. Requests that are refused meanwhile wait for the probe.
 */
export class PartProbe {
  readonly #hooks: ProbeHooks;
  /** Ends when the probe that runs, and those that wait for it, have ended. */
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;
  /** True if a request passed without the unproven parts: one of them is refused. */
  #passesWithout = false;
  /** The number of suspects that were dropped in vain, one after the other. */
  #cleared = 0;
  /** The words of refusals that came without those parts too. */
  readonly #otherReasons = new Set<string>();

  constructor(hooks: ProbeHooks) {
    this.#hooks = hooks;
  }

  /** The number of probes sent. */
  get count(): number {
    return this.#count;
  }

  /** True if a part is refused and it is not known yet which one. */
  get isNarrowing(): boolean {
    return this.#passesWithout;
  }

  /**
   * Probes after a refusal that names nothing, one refusal after the other. `ask` sends a body; `isOutdated` returns true if
   * the request would be sent in another way by now. Returns the answer of a probe that passed, or the failure to throw:
   * marked as adapted if something was learned.
   */
  async after(failure: AttemptError, sent: ChatCompletionBody, { ask, isOutdated }: ProbedRequest): Promise<ProbeEnd> {
    const turn = this.#last.then(() =>
      isOutdated() ? { failure: adapted(failure) } : this.#probe(failure, sent, ask),
    );
    this.#last = turn.catch(() => {});
    return await turn;
  }

  async #probe(failure: AttemptError, sent: ChatCompletionBody, ask: ProbedRequest['ask']): Promise<ProbeEnd> {
    const suspects = this.#hooks.unproven(sent);
    if (suspects.length === 0) return { failure };
    if (this.#passesWithout && (suspects.length === 1 || this.#cleared >= suspects.length - 1)) {
      return this.#learned(suspects.at(-1) as Droppable, sent, failure);
    }
    if (this.#count >= MAX_PROBES || this.#otherReasons.has(gistOf(failure))) return { failure };
    const dropped = this.#passesWithout ? suspects.slice(0, this.#cleared + 1) : suspects;
    const outcome = await this.#send(withoutParts(sent, dropped), ask);
    if ('completion' in outcome) {
      if (this.#passesWithout || suspects.length === 1) this.#learned(dropped.at(-1) as Droppable, sent, failure);
      this.#passesWithout = true;
      return outcome;
    }
    if (!isUnexplained(outcome.failure, sent)) return outcome;
    if (this.#passesWithout) {
      this.#cleared += 1;
      return { failure: adapted(failure) };
    }
    this.#otherReasons.add(gistOf(failure));
    return { failure };
  }

  #learned(part: Droppable, sent: ChatCompletionBody, failure: AttemptError): ProbeEnd {
    this.#cleared = 0;
    this.#hooks.learn(part, sent);
    return { failure: adapted(failure) };
  }

  async #send(body: ChatCompletionBody, ask: ProbedRequest['ask']): Promise<ProbeEnd> {
    this.#count += 1;
    try {
      return { completion: await ask(body) };
    } catch (error) {
      if (error instanceof AttemptError) return { failure: error };
      throw error;
    }
  }
}

/** Marks a failure as one from which something was learned: its request is sent again at no attempt. */
export function adapted(failure: AttemptError, highestCap = failure.highestCap): AttemptError {
  return new AttemptError(failure.fault, { ...failure, adapted: true, highestCap });
}

/** The words of a refusal without what differs from request to request. */
function gistOf({ status, serverMessage }: AttemptError): string {
  return `${status} ${serverMessage.replace(/\d+|"[^"]*"/g, '#')}`;
}
