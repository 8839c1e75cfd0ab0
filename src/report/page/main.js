import { recordBrowser } from './browser.js';
import { h } from './dom.js';
import { formatCount, formatShare } from './format.js';
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
listenToKeys();
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
      else if (status.records > (last?.records ?? 0)) {
        if (records.isOpenEnded()) await records.load({ keep: true });
        else records.refreshTotal();
      }
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

/** @param {HTMLElement[]} sections @param {string[]} anchors @param {string} foot */
function frame(sections, anchors, foot) {
  const names = anchors.map((id) => h('a', { href: `#${id}` }, `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`));
  document.body.append(
    h('a', { class: 'skip', href: '#records' }, 'Skip to the records'),
    h(
      'header',
      { class: 'top' },
      h('p', { class: 'mark' }, 'rareflow'),
      names.length > 0 && h('nav', { 'aria-label': 'Sections' }, ...names),
      h('button', { type: 'button', id: 'theme', onclick: changeTheme }),
      h('button', { type: 'button', 'aria-label': 'Keys', onclick: showKeys }, '?'),
    ),
    h('main', null, ...sections),
    h('footer', null, h('p', null, foot)),
    keysDialog(),
  );
  setTheme(kept('theme') ?? 'auto');
}

/** A page opened from disk may have no storage. @param {string} name */
function kept(name) {
  try {
    return localStorage.getItem(`rareflow-${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  try {
    localStorage.setItem(`rareflow-${name}`, value);
  } catch {
    // It holds for this visit.
  }
}

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.setAttribute('data-theme', theme);
  const button = document.getElementById('theme');
  if (button !== null) button.textContent = { auto: 'Auto', light: 'Light', dark: 'Dark' }[theme] ?? 'Auto';
  button?.setAttribute('aria-label', `Colours: ${theme}. Change`);
}

function changeTheme() {
  const order = ['auto', 'light', 'dark'];
  const now = document.documentElement.getAttribute('data-theme') ?? 'auto';
  const next = order[(order.indexOf(now) + 1) % order.length] ?? 'auto';
  setTheme(next);
  keep('theme', next);
}

function keysDialog() {
  const keys = [
    ['j', 'next record'],
    ['k', 'the one before'],
    ['/', 'search'],
    ['t', 'colours: auto, light, dark'],
    ['?', 'these keys'],
    ['Esc', 'leave the search, close this'],
  ];
  const single = h('input', { type: 'checkbox', id: 'single-keys', checked: kept('keys') !== 'off' });
  single.addEventListener('change', () => keep('keys', singleKeys() ? 'on' : 'off'));
  return h(
    'dialog',
    { id: 'keys', 'aria-labelledby': 'keys-heading' },
    h('h2', { id: 'keys-heading' }, 'Keys'),
    h('dl', null, ...keys.flatMap(([key, does]) => [h('dt', null, h('kbd', null, key)), h('dd', null, does)])),
    h('p', null, single, h('label', { for: 'single-keys' }, 'Single letters do something')),
    h('form', { method: 'dialog' }, h('button', null, 'Close')),
  );
}

function showKeys() {
  /** @type {HTMLDialogElement | null} */ (document.querySelector('#keys'))?.showModal();
}

function singleKeys() {
  return /** @type {HTMLInputElement | null} */ (document.querySelector('#single-keys'))?.checked ?? true;
}

function listenToKeys() {
  /** @type {Record<string, () => void>} */
  const acts = {
    j: () => browser.step(1),
    k: () => browser.step(-1),
    t: changeTheme,
    '?': showKeys,
    '/': () => {
      browser.search.focus();
      browser.search.select();
    },
  };
  document.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === 'Escape' && target === browser.search) browser.search.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || !singleKeys()) return;
    if (target.closest('input, select, textarea, dialog')) return;
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}
