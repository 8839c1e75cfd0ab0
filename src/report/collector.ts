import { isRecord } from '../record.js';
import { seededRandom } from '../util/random.js';
import { cut, cutEntry, opening } from './cut.js';
import { Distribution } from './distribution.js';
import { hash32, NearDuplicateWindow, SeenHashes } from './duplicates.js';
import { type Entry, readEntry, unreadableEntry } from './entry.js';
import { FrequentKeys } from './frequent.js';
import { JudgementCounts } from './judgements.js';
import type { CollectorSettings } from './options.js';
import { Reservoir } from './reservoir.js';
import { StageSums } from './stageSums.js';
import { type Warning, warnings } from './warnings.js';

/** Records of each warning that are kept in addition to the sample. */
const RECORDS_PER_WARNING = 8;
const REJECTS_PER_STAGE = 40;
const MAX_TEXT_LENGTH = 8000;
const MAX_STAGES = 40;

/** Gathers the content of a report in one pass, in memory that does not grow with the number of records. */
export class Collector {
  records = 0;
  /** Records beyond the first that were made from one record. */
  extra = 0;
  rejected = 0;
  /** Lines of the output that are not JSON. */
  unreadable = 0;
  duplicates = 0;
  nearDuplicates = 0;
  readonly stages = new StageSums();
  readonly judgements = new JudgementCounts();
  readonly warned: Record<Warning, number>;
  readonly lengths = { question: new Distribution(), scenario: new Distribution(), reasoning: new Distribution() };
  readonly scores = { positive: new Distribution(), negatives: new Distribution() };
  readonly ranks = { positive: new Distribution(), negatives: new Distribution() };
  /** The best negative's score as a share of the positive's. */
  readonly closeness = new Distribution();
  readonly languages = new FrequentKeys(64);
  readonly reasons = new FrequentKeys(512);
  readonly negatives = new FrequentKeys(16384);
  readonly repeated = new FrequentKeys(1024);
  readonly similar = new FrequentKeys(1024);
  readonly #seen = new SeenHashes();
  readonly #window = new NearDuplicateWindow();
  readonly #sample: Reservoir<Entry>;
  readonly #samples = new Map<string, Reservoir<Entry>>();
  readonly #random: () => number;

  readonly #settings: CollectorSettings;

  constructor(settings: CollectorSettings) {
    const { sample, seed } = settings;
    this.#settings = settings;
    this.#random = seededRandom(seed, 'report');
    this.#sample = new Reservoir(sample, this.#random);
    this.warned = Object.fromEntries(Object.keys(warnings).map((name) => [name, 0])) as Record<Warning, number>;
  }

  add(record: unknown): void {
    this.records += 1;
    const entry = readEntry(record, this.records, this.#settings);
    this.#compare(entry);
    this.stages.add(entry.stages);
    if (isRecord(record)) this.judgements.add(record);
    this.#measure(entry);
    this.languages.add(entry.language);
    const kept = () => cutEntry(entry, MAX_TEXT_LENGTH);
    this.#sample.offer(kept);
    for (const warning of entry.warnings) {
      this.warned[warning] += 1;
      this.#sampleOf(warning, RECORDS_PER_WARNING).offer(kept);
    }
  }

  /** Adds a line of the output that is not JSON. */
  addUnreadable(reason: string, text = ''): void {
    this.unreadable += 1;
    const kept = () => cutEntry(unreadableEntry(reason, text, this.records + 1), MAX_TEXT_LENGTH);
    this.#sampleOf('unreadable', RECORDS_PER_WARNING).offer(kept);
  }

  /** Adds the value of a line of the rejects file. */
  addReject(reject: unknown): void {
    this.rejected += 1;
    const entry = readEntry(reject, this.rejected, this.#settings);
    const { stage, reason } = entry.rejected ?? { stage: 'unknown', reason: 'no reason given' };
    this.stages.addReject(stage);
    const shortReason = cut(reason, 300);
    this.reasons.add(JSON.stringify([stage, shortReason.replace(/\d+/g, '#')]), () =>
      JSON.stringify([stage, shortReason]),
    );
    this.#sampleOf(`rejected by ${stage}`, REJECTS_PER_STAGE).offer(() => cutEntry(entry, MAX_TEXT_LENGTH));
  }

  /** Returns the records that the page shows: those of the output by number, then the rejects. */
  sampled(): Entry[] {
    const all = new Map<string, Entry>();
    const kept = [...this.#sample.items, ...[...this.#samples.values()].flatMap(({ items }) => items)];
    for (const entry of kept) all.set(`${entry.rejected === undefined} ${entry.number}`, entry);
    return [...all.values()].sort(
      (a, b) => Number(a.rejected !== undefined) - Number(b.rejected !== undefined) || a.number - b.number,
    );
  }

  #sampleOf(name: string, size: number): Reservoir<Entry> {
    const known = this.#samples.get(name);
    if (known !== undefined) return known;
    // There are few stages, unless the rejects come from another program.
    const made = new Reservoir<Entry>(this.#samples.size < MAX_STAGES ? size : 0, this.#random);
    this.#samples.set(name, made);
    return made;
  }

  #compare({ question, number, warnings: found }: Entry): void {
    if (question === undefined || question.trim() === '') return;
    const example = () => opening(question, 300);
    if (this.#seen.add(hash32(question, 1) || 1, hash32(question, 2))) {
      this.duplicates += 1;
      found.push('duplicate');
      this.repeated.add(example());
      return;
    }
    const earlier = this.#window.add(question, number);
    if (earlier === undefined) return;
    this.nearDuplicates += 1;
    found.push('nearDuplicate');
    this.similar.add(String(earlier), example);
  }

  #measure({ question, scenario, reasoning, negatives, positive, stages }: Entry): void {
    for (const [name, text] of Object.entries({ question, scenario, reasoning })) {
      if (text !== undefined) this.lengths[name as keyof typeof this.lengths].add(text.length);
    }
    if (positive.score !== undefined) this.scores.positive.add(positive.score);
    if (positive.rank !== undefined) this.ranks.positive.add(positive.rank);
    let best: number | undefined;
    for (const { id, rank, score, text } of negatives) {
      if (score !== undefined) this.scores.negatives.add(score);
      if (rank !== undefined) this.ranks.negatives.add(rank);
      if (score !== undefined && (best === undefined || score > best)) best = score;
      this.negatives.add(id ?? `text ${hash32(text, 1)}`, () => opening(text, 120));
    }
    if (best !== undefined && positive.score !== undefined && positive.score > 0) {
      this.closeness.add(best / positive.score);
    }
    const { doc2query } = Object.fromEntries(stages.map((stage) => [stage.name, stage]));
    if (doc2query?.sharesAnswer) this.extra += 1;
  }
}
