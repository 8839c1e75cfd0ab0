import type { Analyzer } from '../analysis/analyzer.js';
import { TermIds } from '../analysis/termIds.js';
import { grown } from '../format/segmentWriter.js';

/** The postings of some texts, in their order. Terms are numbered by the analyzer of the batch, in the order of their first use. */
export interface AnalyzedBatch {
  /** The number of terms of each text, each occurrence counted. */
  lengths: Uint32Array<ArrayBuffer>;
  /** The end of the postings of each text. */
  ends: Uint32Array<ArrayBuffer>;
  terms: Uint32Array<ArrayBuffer>;
  tfs: Uint32Array<ArrayBuffer>;
  /** The terms that got the next numbers in this batch. */
  newTerms: string[];
  /** Term ids start again from 0 with this batch. */
  restarted: boolean;
}

/** Term ids start again when they take this much memory, to forget rare words. */
const MAX_NUMBERING_BYTES = 48 * 2 ** 20;
const NUMBERED_TERM_BYTES = 120;

/** Analyzes texts and counts their terms. */
export class BatchAnalyzer {
  #numbers = new Map<string, number>();
  #words: TermIds | undefined;
  #newTerms: string[] = [];
  #termTfs = new Uint32Array(1024);
  #terms = new Uint32Array(4096);
  #tfs = new Uint32Array(4096);
  #count = 0;

  readonly #analyzer: Analyzer;

  constructor(analyzer: Analyzer) {
    this.#analyzer = analyzer;
    this.#begin();
  }

  analyze(texts: readonly string[]): AnalyzedBatch {
    const restarted = this.#numbers.size * NUMBERED_TERM_BYTES + (this.#words?.bytes ?? 0) > MAX_NUMBERING_BYTES;
    if (restarted) this.#begin();
    this.#newTerms = [];
    this.#count = 0;
    const lengths = new Uint32Array(texts.length);
    const ends = new Uint32Array(texts.length);
    texts.forEach((text, place) => {
      lengths[place] = this.#add(text);
      ends[place] = this.#count;
    });
    const terms = this.#terms.slice(0, this.#count);
    return { lengths, ends, terms, tfs: this.#tfs.slice(0, this.#count), newTerms: this.#newTerms, restarted };
  }

  #begin(): void {
    const analyzer = this.#analyzer;
    this.#numbers = new Map();
    const numberOf = (term: string) => this.#numberOf(term);
    this.#words = analyzer.termOf && new TermIds((word) => analyzer.termOf?.(word) ?? '', numberOf);
  }

  #add(text: string): number {
    if (this.#words) {
      const count = this.#words.analyze(text);
      this.#countTerms(this.#words.terms, count);
      return count;
    }
    const numbers = Uint32Array.from(this.#analyzer.tokens(text), (token) => this.#numberOf(token));
    this.#countTerms(numbers, numbers.length);
    return numbers.length;
  }

  #countTerms(numbers: Uint32Array, count: number): void {
    const first = this.#count;
    while (first + count > this.#terms.length) {
      this.#terms = grown(this.#terms);
      this.#tfs = grown(this.#tfs);
    }
    const termTfs = this.#termTfs;
    const terms = this.#terms;
    const tfs = this.#tfs;
    let end = first;
    for (let at = 0; at < count; at++) {
      const term = numbers[at] as number;
      const tf = (termTfs[term] as number) + 1;
      termTfs[term] = tf;
      if (tf === 1) terms[end++] = term;
    }
    for (let at = first; at < end; at++) {
      const term = terms[at] as number;
      tfs[at] = termTfs[term] as number;
      termTfs[term] = 0;
    }
    this.#count = end;
  }

  #numberOf(term: string): number {
    const known = this.#numbers.get(term);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(term, number);
    this.#newTerms.push(term);
    if (number === this.#termTfs.length) this.#termTfs = grown(this.#termTfs);
    return number;
  }
}
