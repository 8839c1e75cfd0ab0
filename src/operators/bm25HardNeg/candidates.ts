import type { EventLoopTurns } from '../../flow/eventLoopTurns.js';
import type { Hit, Searcher, Weighting } from '../../search/searcher.js';
import { type KnownDocument, knownDocuments } from './documentCache.js';
import { copyRule, shinglesOf } from './nearDuplicate.js';
import { normalized, type Positives } from './positives.js';
import type { ResolvedRules } from './rules.js';
import { textFingerprint } from './sharedPositives.js';

/** A document that may become a negative. */
export interface Candidate extends Hit {
  text: string;
}

/** A question is not searched further after this many documents that say what a positive or a better document says. */
export const MAX_ALIKE = 10_000;
/** The event loop may turn after this many documents. */
const DOCUMENTS_PER_TURN = 256;

/** The number of documents of the ranking that each rule left out. */
export type Refusals = Record<string, number>;

export interface Candidates {
  /** Best first. */
  found: Candidate[];
  /** The positive in the ranking, if the search got that far. */
  positive: Hit | undefined;
  refused: Refusals;
  /** True if the search ended at MAX_ALIKE. */
  endedEarly?: boolean;
}

export interface Walk {
  query: string;
  weighting: Weighting;
  positives: Positives;
  /** The positive's own score for the query. */
  positiveScore: number;
  /** The number of candidates to find. */
  count: number;
  signal: AbortSignal;
  /** Lets the event loop turn between two searches. */
  turns: EventLoopTurns;
}

/** Searches deeper each time until there are enough candidates, no more documents, or too many that are alike. */
export async function findCandidates(index: Searcher, rules: ResolvedRules, walk: Walk): Promise<Candidates> {
  const { query, weighting, count, signal, turns } = walk;
  const { rangeMin, rangeMax, minScore } = rules;
  const filter = new CandidateFilter(index, rules, walk);
  const documents = knownDocuments(index);
  const found: Candidate[] = [];
  let seen = 0;
  for (let k = Math.min(rangeMax, rangeMin + count + 7); ; k = Math.min(rangeMax, k * 4)) {
    const hits = await index.search(query, { k, weighting, signal });
    await turns.next();
    for (const [offset, hit] of hits.slice(seen).entries()) {
      if (hit.score < minScore) {
        filter.outcome.refused.minScore = hits.length - seen - offset;
        return { found, ...filter.outcome };
      }
      const document = documents.get(hit.docId);
      const { id, docId, score, rank } = hit;
      if (filter.admits(hit, document)) found.push({ id, docId, score, rank, text: document.text });
      if (found.length === count) return { found, ...filter.outcome };
      if (filter.alike === MAX_ALIKE) return { found, ...filter.outcome, endedEarly: true };
      if (offset % DOCUMENTS_PER_TURN === DOCUMENTS_PER_TURN - 1) await turns.next();
    }
    seen = hits.length;
    if (hits.length < k || k === rangeMax) return { found, ...filter.outcome };
  }
}

/** The rules for documents that say what a positive or a better document says. */
const copyReasons: ReadonlySet<string> = new Set(['sameText', 'nearDuplicate', 'containment']);

/** Applies the rules to the documents of one ranking, best first. */
class CandidateFilter {
  readonly outcome: { positive: Hit | undefined; refused: Refusals } = { positive: undefined, refused: {} };
  /** The number of documents with the text of a positive or of a better document, or nearly so. */
  alike = 0;
  readonly #index: Searcher;
  readonly #rules: ResolvedRules;
  readonly #walk: Pick<Walk, 'positives' | 'positiveScore'>;
  readonly #texts: Set<string>;
  readonly #ownText: string;
  readonly #positiveTexts: ReadonlySet<string>;
  readonly #idGroups: ReadonlySet<string | undefined>;
  /** The shingles of the positives and of the documents that were admitted. */
  #admitted: ReadonlySet<number>[] | undefined;

  constructor(index: Searcher, rules: ResolvedRules, walk: Pick<Walk, 'positives' | 'positiveScore'>) {
    this.#index = index;
    this.#rules = rules;
    this.#walk = walk;
    const { texts, text, ids } = walk.positives;
    this.#ownText = normalized(text);
    this.#positiveTexts = new Set(texts.map(normalized));
    this.#texts = new Set(walk.positives.taken.map(normalized));
    this.#idGroups = new Set([...ids].map((id) => this.#groupOf(id)));
  }

  admits(hit: Hit, document: KnownDocument): boolean {
    const { plain } = document;
    const isOwn = hit.id === this.#walk.positives.id || plain === this.#ownText;
    if (isOwn) this.outcome.positive ??= hit;
    const { ids, fingerprints } = this.#walk.positives;
    const isShared = fingerprints.size > 0 && fingerprints.has(textFingerprint(plain));
    const isPositive = isOwn || ids.has(hit.id) || this.#positiveTexts.has(plain) || isShared;
    const reason = isPositive ? undefined : this.#refusal(hit, document);
    this.#texts.add(plain);
    if (isPositive || (reason !== undefined && copyReasons.has(reason))) this.alike++;
    if (!isPositive && reason === undefined && this.#comparesCopies) this.#shinglesBefore().push(document.shingles);
    if (reason !== undefined) this.outcome.refused[reason] = (this.outcome.refused[reason] ?? 0) + 1;
    return !isPositive && reason === undefined;
  }

  /** Returns the name of the rule that leaves a document out, which is its option's. */
  #refusal({ id, docId, rank, score }: Hit, document: KnownDocument): string | undefined {
    const { skipTop, rangeMin, maxScore, maxScoreRatio, absoluteMargin } = this.#rules;
    const { positives, positiveScore } = this.#walk;
    if (rank <= skipTop) return 'skipTop';
    if (rank < rangeMin) return 'rangeMin';
    if (score > maxScore) return 'maxScore';
    if (maxScoreRatio !== Number.POSITIVE_INFINITY && score >= maxScoreRatio * positiveScore) return 'maxScoreRatio';
    if (score > positiveScore - absoluteMargin) return 'absoluteMargin';
    if (positives.excludedIds.has(id)) return 'excludeIds';
    if (positives.groups.size > 0 && positives.groups.has(this.#index.group?.(docId))) return 'groupKey';
    const group = this.#groupOf(id);
    if (group !== undefined && this.#idGroups.has(group)) return 'groupPattern';
    if (this.#texts.has(document.plain)) return 'sameText';
    return this.#comparesCopies ? this.#copyReason(document) : undefined;
  }

  #groupOf(id: string): string | undefined {
    const found = this.#rules.groupPattern?.exec(id);
    return found === null || found === undefined ? undefined : (found[1] ?? found[0]);
  }

  get #comparesCopies(): boolean {
    return this.#rules.nearDuplicate !== false || this.#rules.containment !== false;
  }

  /** Returns the rule by which a document is a copy of a positive or of a better document that was admitted. */
  #copyReason({ shingles }: KnownDocument): string | undefined {
    for (const before of this.#shinglesBefore()) {
      const rule = copyRule(before, shingles, this.#rules);
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  #shinglesBefore(): ReadonlySet<number>[] {
    this.#admitted ??= this.#walk.positives.texts.map(shinglesOf);
    return this.#admitted;
  }
}
