import type { Collector } from './collector.js';
import { cutEntry } from './cut.js';
import { type HistogramData, histogram } from './distribution.js';
import type { Entry } from './entry.js';
import { type Finding, findings, shortReasoningLimit } from './findings.js';
import type { Frequent, FrequentKeys } from './frequent.js';
import type { ReadableSummary } from './runSummary.js';
import type { StageSum } from './stageSums.js';
import { warnings } from './warnings.js';

export interface Chart {
  title: string;
  /** The unit of the horizontal axis. */
  unit: string;
  /** A sentence that says how to read it. */
  about: string;
  data: HistogramData;
}

/** The most frequent keys, and how much too low their counts may be. */
export interface Ranking {
  top: Frequent[];
  slack: number;
}

/** The content of a report's page. */
export interface ReportData {
  kind: 'report';
  /** The name of the output. */
  title: string;
  /** ISO 8601. */
  madeAt: string;
  counts: { in: number; extra: number; out: number; rejected: number; pending: number };
  /** True if the counts come from the run's summary; otherwise they were counted in its files. */
  countsFromRun: boolean;
  run: { [K in 'state' | 'seconds' | 'sessions' | 'startedAt' | 'rareflow']: ReadableSummary[K] | undefined };
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
  summary: ReadableSummary | undefined;
  /** False if no rejects file was found. */
  rejectsRead: boolean;
  madeAt: Date;
}

/** The most that the entries of a page take together, in bytes of JSON. */
const MAX_ENTRY_BYTES = 3.5e6;

/** Makes the content of the page from what was gathered. */
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
    countsFromRun: summary?.in !== undefined,
    run: {
      state: summary?.state,
      seconds: summary?.seconds,
      sessions: summary?.sessions,
      startedAt: summary?.startedAt,
      rareflow: summary?.rareflow,
    },
    findings: findings(collected, summary),
    stages: collected.stages.all(summary),
    rejects: { ...rankingOf(collected.reasons, 20), read: rejectsRead },
    charts: chartsOf(collected),
    repeated: { ...rankingOf(collected.repeated, 10), count: duplicates },
    similar: { ...rankingOf(collected.similar, 10), count: nearDuplicates },
    negatives: { ...rankingOf(collected.negatives, 15), count: collected.closeness.count },
    languages: collected.languages.top(12),
    warnings,
    entries: fitted(collected.sampled().map((entry) => withShortReasoning(entry, limit))),
  };
}

function rankingOf(keys: FrequentKeys, most: number): Ranking {
  return { top: keys.top(most), slack: keys.slack };
}

function withShortReasoning(entry: Entry, limit: number): Entry {
  if (entry.reasoning === undefined || entry.reasoning.length >= limit) return entry;
  return { ...entry, warnings: [...entry.warnings, 'shortReasoning'] };
}

/** Cuts the texts of the entries until they fit into MAX_ENTRY_BYTES. */
function fitted(entries: Entry[]): Entry[] {
  let fitting = entries;
  for (let most = 4000; Buffer.byteLength(JSON.stringify(fitting)) > MAX_ENTRY_BYTES && most > 100; most /= 2) {
    fitting = entries.map((entry) => cutEntry(entry, most));
  }
  return fitting;
}

function chartsOf({ lengths, scores, ranks, closeness }: Collector): Chart[] {
  const chart = (title: string, unit: string, about: string, data: HistogramData | undefined): Chart[] =>
    data === undefined ? [] : [{ title, unit, about, data }];
  const whole = { whole: true };
  return [
    ...chart('Question', 'characters', 'Length of the questions.', histogram({ questions: lengths.question }, whole)),
    ...chart('Scenario', 'characters', 'Length of the scenarios.', histogram({ scenarios: lengths.scenario }, whole)),
    ...chart(
      'Reasoning',
      'characters',
      'Length of the teacher’s answers, including the thinking.',
      histogram({ reasoning: lengths.reasoning }, whole),
    ),
    ...chart(
      'BM25 score',
      'score',
      'How well the documents match their question. Scores that are far apart are easy to tell apart.',
      histogram({ positives: scores.positive, negatives: scores.negatives }),
    ),
    ...chart(
      'Rank',
      'rank',
      'Rank of the documents in a search for the question. Positives that the search did not find are not shown.',
      histogram({ positives: ranks.positive, negatives: ranks.negatives }, whole),
    ),
    ...chart(
      'Best negative to positive',
      'score ÷ score',
      'Near or above 1, a negative may answer the question.',
      histogram({ negatives: closeness }),
    ),
  ];
}
