/** The caps of one call: raised once, lowered once, and never one again that an answer has met. In tokens. */
export class AnswerCap {
  #cutAt: number | undefined;
  #lowered = false;

  /** The highest cap that an answer has met. */
  get cutAt(): number | undefined {
    return this.#cutAt;
  }

  /** Twice the cap that an answer met; undefined where it was raised before, where it is unknown, or is the model's highest. */
  raised(met: number | undefined, highest = Number.POSITIVE_INFINITY): number | undefined {
    const wasRaised = this.#cutAt !== undefined;
    this.#cutAt = Math.max(met ?? 0, this.#cutAt ?? 0);
    return wasRaised || met === undefined || !this.isNew(highest) ? undefined : met * 2;
  }

  /** The room that the context leaves; undefined where it was lowered before, or would not be lower, or an answer met that. */
  lowered(sent = 0, room = 0): number | undefined {
    if (this.#lowered || room >= sent || !this.isNew(room)) return undefined;
    this.#lowered = true;
    return room;
  }

  isNew(cap: number): boolean {
    return cap > (this.#cutAt ?? 0);
  }
}
