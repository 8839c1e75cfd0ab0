import type { BoundedTerm } from './boundedQuery.js';

/** Documents whose bounds are added up together: few enough for the processor's first cache. */
export const BLOCK_DOCS = 2 ** 13;
const LOCAL = BLOCK_DOCS - 1;
const LIST_LOCAL = 2 ** 16 - 1;

/** The bounds of a block of documents, and those of them that may be among the best. */
export class BoundBlock {
  readonly #bounds = new Int32Array(BLOCK_DOCS);
  readonly candidates = new Uint32Array(BLOCK_DOCS);
  readonly candidateBounds = new Int32Array(BLOCK_DOCS);
  /** How many candidates there are. */
  count = 0;
  #firstDoc = 0;
  #needed = 0;

  /** Begins the block from `firstDoc` on; every document has the bound 0. */
  reset(firstDoc: number, needed: number): void {
    this.#firstDoc = firstDoc;
    this.#needed = needed;
    this.#bounds.fill(-needed);
  }

  add({ list: { docs, impacts, starts, cellShift }, factor }: BoundedTerm): void {
    const bounds = this.#bounds;
    const last = starts.length - 1;
    const end = starts[Math.min((this.#firstDoc + BLOCK_DOCS) >>> cellShift, last)] as number;
    for (let at = starts[this.#firstDoc >>> cellShift] as number; at < end; at++) {
      const local = (docs[at] as number) & LOCAL;
      bounds[local] = (bounds[local] as number) + Math.imul(factor, impacts[at] as number);
    }
  }

  /** Makes candidates of the documents that reach the `needed` of the reset: those whose number has no sign any more. */
  collect(): void {
    const bounds = this.#bounds;
    this.count = 0;
    for (let local = 0; local < BLOCK_DOCS; local += 4) {
      const a = bounds[local] as number;
      const b = bounds[local + 1] as number;
      const c = bounds[local + 2] as number;
      const d = bounds[local + 3] as number;
      if ((a & b & c & d) < 0) continue;
      for (let at = local; at < local + 4; at++) this.#admit(at, bounds[at] as number);
    }
  }

  /** Adds a term to the bounds of the candidates, and keeps those that reach `needed`. */
  lookUp({ list: { starts, cellShift, docs, impacts }, factor }: BoundedTerm, needed: number): void {
    const { candidates, candidateBounds, count } = this;
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const docId = candidates[at] as number;
      const cell = docId >>> cellShift;
      const local = docId & LIST_LOCAL;
      const end = starts[cell + 1] as number;
      let bound = candidateBounds[at] as number;
      for (let place = starts[cell] as number; place < end; place++) {
        const doc = docs[place] as number;
        if (doc < local) continue;
        if (doc === local) bound += factor * (impacts[place] as number);
        break;
      }
      candidates[kept] = docId;
      candidateBounds[kept] = bound;
      if (bound >= needed) kept++;
    }
    this.count = kept;
  }

  #admit(local: number, excess: number): void {
    if (excess < 0) return;
    this.candidates[this.count] = this.#firstDoc + local;
    this.candidateBounds[this.count] = excess + this.#needed;
    this.count++;
  }
}
