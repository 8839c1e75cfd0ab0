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

const pollMs = 1000;

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
    about: `${entries.length === total ? 'All of them' : `${formatCount(entries.length)} of ${formatCount(total)}, chosen by chance, and some of each warning and each stage’s rejects`}. Words shared with the question are marked. rareflow view shows a whole file.`,
  });
  const show = (/** @type {string} */ warning) => {
    void records.narrow({ warning });
    records.element.scrollIntoView({ block: 'start' });
  };
  const sections = [
    overview(report),
    findingsSection(report.findings, show),
    stagesSection(report.stages),
    rejectsSection(report),
    chartsSection(report.charts),
    repetitionSection(report),
    records.element,
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
  frame([records.element], [], 'Served by rareflow view from the file itself.');
  void follow(source, records, reading);
  return records;
}

/**
 * Asks again and again how far the file is read, and shows what came.
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
      reading.textContent = 'The server has gone: start rareflow view again.';
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** @param {ViewStatus} status */
function statusWords({ records, bytesRead, bytes, partial }) {
  const share = bytes > 0 && bytesRead < bytes ? `; ${formatShare(bytesRead / bytes)} of the file is read` : '';
  return `${formatCount(records)} records${partial ? ', and a run is writing more' : ''}${share}. Words shared with the question are marked.`;
}
