import type { Reject } from '../record.js';
import { resolveOptions } from '../util/options.js';
import { Collector } from './collector.js';
import { type ReportOptions, reportOptions } from './options.js';
import { pageOf } from './page.js';
import { reportData } from './reportData.js';
import { readRunSummary } from './runSummary.js';

export type { ReportOptions };

export interface Report {
  /** One self-contained HTML page. */
  html: string;
  records: number;
  rejects: number;
  /** Lines of the output that are not JSON. */
  unreadable: number;
}

/** Receives the lines of an output that are not JSON. Pass it to the reader as its `rejects`. */
export type Unreadable = (reject: Pick<Reject, 'reason' | 'text'>) => void;

/**
 * Makes the page of a finished run from its records, in one pass and in memory that does not grow with their number.
 * `open` opens the records, and gets a function that receives the lines that are not JSON. The page needs no network, and
 * the browser never reads text of the records as markup.
 *
 * @throws UsageError for an unknown option and a value out of range
 */
export async function makeReport(
  open: (unreadable: Unreadable) => AsyncIterable<unknown>,
  options: ReportOptions = {},
): Promise<Report> {
  const settings = resolveOptions('makeReport', reportOptions, options);
  const { title = 'rareflow report', rejects, summary } = settings;
  const collected = new Collector(settings);
  for await (const record of open(({ reason, text }) => collected.addUnreadable(reason, text))) collected.add(record);
  for await (const reject of rejects ?? []) collected.addReject(reject);
  const facts = { title, summary: readRunSummary(summary), rejectsRead: rejects !== undefined, madeAt: new Date() };
  return {
    html: await pageOf(reportData(collected, facts)),
    records: collected.records,
    rejects: collected.rejected,
    unreadable: collected.unreadable,
  };
}
