/** The caps on the answers to one call, in tokens: raised once, lowered once, and never again one that an answer reached. */
export class AnswerCap {
  #cutAt: number | undefined;
  #lowered = false;

  /** The highest cap that an answer has reached. */
  get cutAt(): number | undefined {
    return this.#cutAt;
  }

  /** Returns twice the cap that an answer reached; undefined if it was raised before, is unknown, or is the model's highest. */
  raised(reached: number | undefined, highest = Number.POSITIVE_INFINITY): number | undefined {
    const wasRaised = this.#cutAt !== undefined;
    this.#cutAt = Math.max(reached ?? 0, this.#cutAt ?? 0);
    return wasRaised || reached === undefined || !this.isNew(highest) ? undefined : reached * 2;
  }

  /** Returns the tokens that the context leaves; undefined if it was lowered before, is not lower, or was reached before. */
  lowered(sent = 0, room = 0): number | undefined {
    if (this.#lowered || room >= sent || !this.isNew(room)) return undefined;
    this.#lowered = true;
    return room;
  }

  isNew(cap: number): boolean {
    return cap > (this.#cutAt ?? 0);
  }
}
