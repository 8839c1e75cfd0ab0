import type { Reject } from '../record.js';
import { Collector, type CollectorOptions } from './collector.js';
import { pageOf } from './page.js';
import { reportData } from './reportData.js';
import { readRunSummary } from './runSummary.js';

export interface ReportOptions extends CollectorOptions {
  /** What the page is called: the name of the output. */
  title?: string | undefined;
  /** The lines of the rejects file. Default: none was found. */
  rejects?: AsyncIterable<unknown> | undefined;
  /** What `summary.json` holds, where there is one. */
  summary?: unknown;
}

export interface Report {
  /** One self-contained HTML page. */
  html: string;
  records: number;
  rejects: number;
  /** Lines of the output that were no JSON. */
  unreadable: number;
}

/** Takes the lines of an output that are no JSON: give it to the reader as its rejects. */
export type Unreadable = (reject: Pick<Reject, 'reason' | 'text'>) => void;

/**
 * Makes the page of a finished run from its records, in one pass and in memory that does not grow with their number.
 * `open` opens them, and is given what takes the lines that are no JSON. The page needs no network; text of the records
 * never runs as markup.
 */
export async function makeReport(
  open: (unreadable: Unreadable) => AsyncIterable<unknown>,
  { title = 'rareflow report', rejects, summary, ...options }: ReportOptions = {},
): Promise<Report> {
  const collected = new Collector(options);
  for await (const record of open(({ reason, text }) => collected.addUnreadable(reason, text))) collected.add(record);
  for await (const reject of rejects ?? []) collected.addReject(reject);
  const facts = { title, summary: readRunSummary(summary), rejectsRead: rejects !== undefined, madeAt: new Date() };
  return {
    html: pageOf(reportData(collected, facts)),
    records: collected.records,
    rejects: collected.rejected,
    unreadable: collected.unreadable,
  };
}
