import type { Collector } from './collector.js';
import { cutEntry } from './cut.js';
import { type HistogramData, histogram } from './distribution.js';
import type { Entry } from './entry.js';
import { type Finding, findings, shortReasoningLimit } from './findings.js';
import type { Frequent, FrequentKeys } from './frequent.js';
import type { RunSummary } from './runSummary.js';
import type { StageSum } from './stageSums.js';
import { warnings } from './warnings.js';

export interface Chart {
  title: string;
  /** What the horizontal axis counts. */
  unit: string;
  /** How to read it. */
  about: string;
  data: HistogramData;
}

/** The most frequent of something, and how much too low their counts may be. */
export interface Ranking {
  top: Frequent[];
  slack: number;
}

/** Everything that the page of a report shows. */
export interface ReportData {
  kind: 'report';
  /** The name of the output. */
  title: string;
  /** ISO 8601. */
  madeAt: string;
  counts: { in: number; extra: number; out: number; rejected: number; pending: number };
  /** Whether the run told its counts; else they were counted in its files. */
  toldByRun: boolean;
  run: Pick<RunSummary, 'state' | 'seconds' | 'sessions' | 'startedAt' | 'rareflow'>;
  findings: Finding[];
  stages: StageSum[];
  rejects: (Ranking & { read: boolean }) | undefined;
  charts: Chart[];
  repeated: Ranking & { count: number };
  similar: Ranking & { count: number };
  negatives: Ranking & { count: number };
  languages: Frequent[];
  warnings: typeof warnings;
  entries: Entry[];
}

export interface ReportFacts {
  title: string;
  summary: RunSummary | undefined;
  /** False where no rejects file was found. */
  rejectsRead: boolean;
  madeAt: Date;
}

/** What the entries of a page may take together, in bytes of JSON. */
const mostEntryBytes = 3.5e6;

export function reportData(collected: Collector, { title, summary, rejectsRead, madeAt }: ReportFacts): ReportData {
  const { records, rejected, unreadable, extra, duplicates, nearDuplicates } = collected;
  const limit = shortReasoningLimit(collected);
  const counts = {
    in: summary?.in ?? records + unreadable + rejected - extra,
    extra: summary?.extra ?? extra,
    out: summary?.out ?? records + unreadable,
    rejected: summary?.rejected ?? rejected,
    pending: summary?.pending ?? 0,
  };
  return {
    kind: 'report',
    title,
    madeAt: madeAt.toISOString(),
    counts,
    toldByRun: summary?.in !== undefined,
    run: {
      state: summary?.state,
      seconds: summary?.seconds,
      sessions: summary?.sessions,
      startedAt: summary?.startedAt,
      rareflow: summary?.rareflow,
    },
    findings: findings(collected, summary),
    stages: collected.stages.all(summary),
    rejects: { ...ranking(collected.reasons, 20), read: rejectsRead },
    charts: chartsOf(collected),
    repeated: { ...ranking(collected.repeated, 10), count: duplicates },
    similar: { ...ranking(collected.similar, 10), count: nearDuplicates },
    negatives: { ...ranking(collected.negatives, 15), count: collected.closeness.count },
    languages: collected.languages.top(12),
    warnings,
    entries: fitted(collected.sampled().map((entry) => withShortReasoning(entry, limit))),
  };
}

function ranking(keys: FrequentKeys, most: number): Ranking {
  return { top: keys.top(most), slack: keys.slack };
}

function withShortReasoning(entry: Entry, limit: number): Entry {
  if (entry.reasoning === undefined || entry.reasoning.length >= limit) return entry;
  return { ...entry, warnings: [...entry.warnings, 'shortReasoning'] };
}

/** The entries, their texts cut as far as it takes to keep the page small. */
function fitted(entries: Entry[]): Entry[] {
  let fitting = entries;
  for (let most = 4000; Buffer.byteLength(JSON.stringify(fitting)) > mostEntryBytes && most > 100; most /= 2) {
    fitting = entries.map((entry) => cutEntry(entry, most));
  }
  return fitting;
}

function chartsOf({ lengths, scores, ranks, closeness }: Collector): Chart[] {
  const chart = (title: string, unit: string, about: string, data: HistogramData | undefined): Chart[] =>
    data === undefined ? [] : [{ title, unit, about, data }];
  const whole = { whole: true };
  return [
    ...chart('Question', 'characters', 'How long questions are.', histogram({ questions: lengths.question }, whole)),
    ...chart('Scenario', 'characters', 'How long scenarios are.', histogram({ scenarios: lengths.scenario }, whole)),
    ...chart(
      'Reasoning',
      'characters',
      'How long the teacher’s texts are, thinking and all.',
      histogram({ reasoning: lengths.reasoning }, whole),
    ),
    ...chart(
      'BM25 score',
      'score',
      'How well documents match their question. The further apart, the easier to tell.',
      histogram({ positives: scores.positive, negatives: scores.negatives }),
    ),
    ...chart(
      'Rank',
      'rank',
      'Where documents stand when the question is searched for. Positives further down were not found as far as it was searched.',
      histogram({ positives: ranks.positive, negatives: ranks.negatives }, whole),
    ),
    ...chart(
      'Best negative to positive',
      'score ÷ score',
      'Near or over 1 a negative may answer the question.',
      histogram({ negatives: closeness }),
    ),
  ];
}
