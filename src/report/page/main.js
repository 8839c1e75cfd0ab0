import { recordBrowser } from './browser.js';
import { h } from './dom.js';
import { formatCount, formatShare } from './format.js';
import { frame, listenToKeys } from './frame.js';
import {
  chartsSection,
  findingsSection,
  overview,
  rejectsSection,
  repetitionSection,
  stagesSection,
} from './sections.js';
import { sampleSource, servedSource } from './sources.js';

/** @import { ReportData } from '../reportData.js' */
/** @import { ViewData, ViewStatus } from '../viewData.js' */

const POLL_INTERVAL_MS = 1000;

/** @type {ReportData | ViewData} */
const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}');
document.title = `${data.title} · rareflow`;
const browser = data.kind === 'report' ? drawReport(data) : drawView(data);
listenToKeys(browser);
void browser.load();

/** @param {ReportData} report */
function drawReport(report) {
  const { entries } = report;
  const distinct = (/** @type {string[]} */ values) => [...new Set(values)].sort();
  const total = report.counts.out + report.counts.rejected;
  const records = recordBrowser(sampleSource(entries), {
    warnings: report.warnings,
    states: distinct(entries.map(({ state }) => state)),
    languages: distinct(entries.map(({ language }) => language)),
    heading: h('h2', { id: 'records-heading' }, 'Records'),
    about: `${entries.length === total ? 'All records' : `${formatCount(entries.length)} of ${formatCount(total)} records: a random sample, with records of each warning and rejects of each stage`}. Words shared with the question are marked. rareflow view shows a whole file.`,
  });
  const show = (/** @type {string} */ warning) => {
    void records.narrow({ warning });
    records.element.scrollIntoView({ block: 'start' });
  };
  const sections = [
    overview(report),
    records.element,
    findingsSection(report.findings, show),
    stagesSection(report.stages),
    rejectsSection(report),
    chartsSection(report.charts),
    repetitionSection(report),
  ].filter((section) => section !== null);
  const made = new Date(report.madeAt).toISOString().slice(0, 16).replace('T', ' ');
  frame(
    sections,
    sections.map(({ id }) => id),
    `Made ${made} UTC by rareflow report.`,
  );
  return records;
}

/** @param {ViewData} view */
function drawView(view) {
  const source = servedSource();
  const records = recordBrowser(source, {
    ...view,
    states: [],
    heading: h('h1', { id: 'title' }, view.title),
    about: '',
  });
  records.element.classList.add('alone');
  const reading = h('p', { class: 'about', role: 'status' });
  records.element.querySelector('.about')?.replaceWith(reading);
  if (view.files.length > 0) reading.before(fileLinks(view));
  frame([records.element], [], 'Served by rareflow view, directly from the file.');
  void follow(source, records, reading);
  return records;
}

/** The pages of the other files. @param {ViewData} view */
function fileLinks({ files }) {
  const links = files.map(({ title, href }) =>
    h('a', href === location.pathname ? { href, 'aria-current': 'page' } : { href }, title),
  );
  return h('nav', { class: 'files', 'aria-label': 'Files' }, ...links);
}

/**
 * Polls how far the file has been read, and shows new records.
 *
 * @param {ReturnType<typeof servedSource>} source
 * @param {ReturnType<typeof recordBrowser>} records
 * @param {HTMLElement} reading
 */
async function follow(source, records, reading) {
  /** @type {ViewStatus | undefined} */
  let last;
  for (;;) {
    try {
      const status = await source.status();
      const words = statusWords(status);
      if (reading.textContent !== words) reading.textContent = words;
      records.offerStates(status.states);
      if (last !== undefined && status.generation !== last.generation) await records.narrow({});
      else if (status.records > (last?.records ?? 0)) await records.grow();
      last = status;
    } catch {
      reading.textContent = 'The server has stopped. Start rareflow view again.';
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}

/** @param {ViewStatus} status */
function statusWords({ records, bytesRead, bytes, partial }) {
  const share = bytes > 0 && bytesRead < bytes ? `; ${formatShare(bytesRead / bytes)} of the file read so far` : '';
  return `${formatCount(records)} records${partial ? ', and a run is writing more' : ''}${share}. Words shared with the question are marked.`;
}
