/** One call, as the server saw it. Times are in milliseconds since the server started. */
export interface LedgerCall {
  /** Its place among all calls, from 0. */
  index: number;
  /** Hash of the record's content: the same for every call about one record. */
  key: string;
  /** Which call about this record it is, from 1. */
  callNumber: number;
  startMs: number;
  endMs: number | undefined;
  /** Calls in flight when it came, itself included. */
  inFlight: number;
  /** What befell it; undefined for a plain answer. */
  fault: string | undefined;
  /** The HTTP status; undefined where none was sent. */
  status: number | undefined;
  promptTokens: number;
  completionTokens: number;
  /** False where tokens were billed and the client could not learn how many. */
  told: boolean;
  authorization: string | undefined;
  /** The request's body, except for its messages. */
  parameters: Record<string, unknown>;
}

/** What the server did: every call, and the holds it asked for. */
export class Ledger {
  readonly calls: LedgerCall[] = [];
  readonly holds: { fromMs: number; untilMs: number }[] = [];
  inFlight = 0;
  peakInFlight = 0;
  readonly #startedAt = performance.now();

  now(): number {
    return performance.now() - this.#startedAt;
  }

  open(authorization: string | undefined): LedgerCall {
    this.inFlight += 1;
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    const call: LedgerCall = {
      index: this.calls.length,
      key: '',
      callNumber: 0,
      startMs: this.now(),
      endMs: undefined,
      inFlight: this.inFlight,
      fault: undefined,
      status: undefined,
      promptTokens: 0,
      completionTokens: 0,
      told: true,
      authorization,
      parameters: {},
    };
    this.calls.push(call);
    return call;
  }

  end(call: LedgerCall): void {
    if (call.endMs !== undefined) return;
    call.endMs = this.now();
    this.inFlight -= 1;
  }

  hold(ms: number): void {
    const fromMs = this.now();
    this.holds.push({ fromMs, untilMs: fromMs + ms });
  }

  /** Tokens billed, and how many of the calls hid theirs from the client. */
  billed(): { promptTokens: number; completionTokens: number; untold: number } {
    const sum = { promptTokens: 0, completionTokens: 0, untold: 0 };
    for (const call of this.calls) {
      if (!call.told) {
        sum.untold += 1;
        continue;
      }
      sum.promptTokens += call.promptTokens;
      sum.completionTokens += call.completionTokens;
    }
    return sum;
  }

  /** The integral of busy slots over the time until `untilMs`, as a share of `slots` always busy. */
  utilisation(slots: number, untilMs: number): number {
    const busy = this.calls.reduce(
      (sum, { startMs, endMs = untilMs }) => sum + Math.max(0, Math.min(endMs, untilMs) - startMs),
      0,
    );
    return busy / (slots * (untilMs - (this.calls[0]?.startMs ?? 0)));
  }

  /**
   * The calls that came in the second half of a hold. What comes in the first may have been on its way when the hold was
   * asked for: on a busy machine that takes 100 ms and more, so let holds be long.
   */
  callsInHolds(): LedgerCall[] {
    return this.holds.flatMap(({ fromMs, untilMs }) => {
      const halfway = (fromMs + untilMs) / 2;
      return this.calls.filter(({ startMs }) => startMs > halfway && startMs < untilMs);
    });
  }
}
