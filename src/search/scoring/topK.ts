/** Keeps the k best of the documents offered: those of the highest scores and, of equal scores, those that come first. */
export class TopK {
  #scores = new Float64Array(16);
  #docs = new Uint32Array(16);
  #k = 0;
  #size = 0;
  /** Scores below it need not be offered. */
  floor = 0;

  reset(k: number): void {
    if (k > this.#docs.length) {
      this.#scores = new Float64Array(k);
      this.#docs = new Uint32Array(k);
    }
    this.#k = k;
    this.#size = 0;
    this.floor = 0;
  }

  /** The heap's root is the worst one kept. */
  offer(docId: number, score: number): void {
    if (this.#size < this.#k) {
      this.#siftUp(docId, score);
      if (this.#size === this.#k) this.floor = this.#scores[0] as number;
      return;
    }
    if (!this.#worse(0, docId, score)) return;
    this.#siftDown(docId, score);
    this.floor = this.#scores[0] as number;
  }

  /** Returns the documents kept, best first. */
  sorted(): { docId: number; score: number }[] {
    const kept = Array.from({ length: this.#size }, (_, at) => ({
      docId: this.#docs[at] as number,
      score: this.#scores[at] as number,
    }));
    return kept.sort((a, b) => b.score - a.score || a.docId - b.docId);
  }

  #worse(at: number, docId: number, score: number): boolean {
    const own = this.#scores[at] as number;
    return own < score || (own === score && (this.#docs[at] as number) > docId);
  }

  #siftUp(docId: number, score: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.#worse(parent, docId, score)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, docId, score);
  }

  #siftDown(docId: number, score: number): void {
    let at = 0;
    for (let child = 1; child < this.#size; child = at * 2 + 1) {
      const right = child + 1;
      if (right < this.#size && this.#worse(right, this.#docs[child] as number, this.#scores[child] as number))
        child = right;
      if (!this.#worse(child, docId, score)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, docId, score);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#docs[from] as number, this.#scores[from] as number);
  }

  #set(at: number, docId: number, score: number): void {
    this.#docs[at] = docId;
    this.#scores[at] = score;
  }
}
