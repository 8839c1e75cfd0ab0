import { h } from './dom.js';
import { field, filterForm, isUnfiltered, noFilters } from './filterForm.js';
import { formatCount } from './format.js';
import { recordView } from './record.js';
import { rowList } from './rowList.js';

/** @import { Entry } from '../entry.js' */
/** @import { Filters, RecordRow } from '../viewData.js' */

/**
 * The source of the records. `from` is 0 or the `next` of an earlier page.
 *
 * @typedef {{
 *   rows(filters: Filters, from: number, count: number, observer: { signal: AbortSignal, onRow: (row: RecordRow) => void, onProgress: (words: string) => void }): Promise<Page>,
 *   entry(row: RecordRow): Promise<Entry>,
 *   total?: () => number,
 * }} Source
 */
/**
 * `first` is the index of the first row and `total` the number of matches, if known; `next` is set if there may be more.
 *
 * @typedef {{ rows: RecordRow[], first?: number, total?: number, next?: number | undefined, note?: string | undefined }} Page
 */

const ROWS_PER_PAGE = 50;

/**
 * The list of records with its filters, and the selected record.
 *
 * @param {Source} source
 * @param {{ warnings: Record<string, string>, states: string[], languages: string[], heading: HTMLElement, about: string }} options
 */
export function recordBrowser(source, { heading, about, ...choices }) {
  /** @type {Filters} */
  let filters = noFilters;
  /** The start of each page up to this one. */
  let starts = [0];
  /** @type {Page} */
  let page = { rows: [] };
  let selected = -1;
  let asked = new AbortController();

  const goTo = /** @type {HTMLInputElement} */ (
    h('input', { type: 'number', id: 'go-to', min: 1, inputmode: 'numeric' })
  );
  goTo.addEventListener('change', () => goToRecord(Number(goTo.value)));
  const form = filterForm(choices, narrow, [
    source.total !== undefined && field('Go to record', goTo, 'short'),
    source.total !== undefined && button('Newest', () => goToRecord(source.total?.() ?? 0)),
  ]);
  const status = h('p', { class: 'status', role: 'status' });
  const list = rowList(choices.warnings, (index) => choose(index, { byHand: true }));
  const detail = h('div', { class: 'detail' });
  const previous = button('Previous', () => turn(-1));
  const next = button('Next', () => turn(1));

  /** Shows the matches, from the first. @param {Partial<Filters>} changes */
  function narrow(changes) {
    filters = { ...filters, ...changes };
    form.set(filters);
    starts = [0];
    return load();
  }

  /** @param {number} by */
  async function turn(by) {
    if (by > 0 && page.next !== undefined) starts.push(page.next);
    else if (by < 0 && starts.length > 1) starts.pop();
    else return;
    await load();
    list.element.scrollTop = 0;
  }

  /** @param {number} number from 1 */
  async function goToRecord(number) {
    const at = Math.min(number, source.total?.() ?? 0) - 1;
    if (!(at >= 0)) return;
    filters = noFilters;
    form.set(filters);
    const first = Math.floor(at / ROWS_PER_PAGE) * ROWS_PER_PAGE;
    starts = first === 0 ? [0] : [0, first];
    await load();
    await choose(at - first);
  }

  /** Reads the page again; with `keep`, the selected record stays. */
  async function load({ keep = false } = {}) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    /** @type {RecordRow[]} */
    const soFar = [];
    const observer = {
      signal,
      onRow: (/** @type {RecordRow} */ row) => {
        soFar.push(row);
        if (!signal.aborted) list.draw(soFar);
      },
      onProgress: (/** @type {string} */ words) => {
        if (!signal.aborted) status.textContent = words;
      },
    };
    try {
      const loaded = await source.rows(filters, /** @type {number} */ (starts.at(-1)), ROWS_PER_PAGE, observer);
      if (signal.aborted) return;
      page = loaded;
      list.draw(page.rows);
      if (!keep || selected < 0) await choose(0, { scrolls: false });
      showStatus();
    } catch (error) {
      if (!signal.aborted)
        status.textContent = `Cannot read the records: ${error instanceof Error ? error.message : error}`;
    }
  }

  function showStatus() {
    const { rows, first = 0, total, note } = page;
    const range = rows.length === 0 ? '' : `${formatCount(first + 1)}–${formatCount(first + rows.length)} of `;
    const count = total === undefined ? `${formatCount(rows.length)} found` : `${range}${formatCount(total)}`;
    const isNone = rows.length === 0 && note === undefined;
    status.textContent = isNone ? 'No record matches.' : [count, note].filter(Boolean).join('; ');
    previous.toggleAttribute('disabled', starts.length < 2);
    next.toggleAttribute('disabled', page.next === undefined);
  }

  async function choose(/** @type {number} */ index, { byHand = false, scrolls = true } = {}) {
    const row = page.rows[index];
    selected = row === undefined ? -1 : index;
    list.mark(selected, scrolls);
    if (row === undefined) {
      detail.replaceChildren();
      return;
    }
    const entry = await source.entry(row);
    if (page.rows[selected] !== row) return;
    detail.replaceChildren(recordView(entry, choices.warnings));
    if (byHand && list.isStacked()) detail.scrollIntoView({ block: 'start' });
  }

  /** @param {number} by */
  async function step(by) {
    const index = selected + by;
    if (index < 0 && starts.length > 1) {
      await turn(-1);
      await choose(page.rows.length - 1);
    } else if (index >= page.rows.length && page.next !== undefined) {
      await turn(1);
    } else if (index >= 0 && index < page.rows.length) {
      await choose(index);
    }
  }

  const turns = h('div', { class: 'turns' }, previous, next);
  const side = h('div', { class: 'side' }, status, list.element, turns);
  return {
    element: h(
      'section',
      { class: 'browser', id: 'records', 'aria-labelledby': heading.id },
      heading,
      h('p', { class: 'about' }, about),
      form.element,
      h('div', { class: 'panes' }, side, detail),
    ),
    search: form.search,
    offerStates: form.offerStates,
    load,
    step,
    /** Applies these filters and no others. @param {Partial<Filters>} only */
    narrow: (only) => narrow({ ...noFilters, ...only }),
    /** Shows records that were added to the source, if this page has room. */
    async grow() {
      if (!isUnfiltered(filters) || source.total === undefined) return;
      if (page.rows.length < ROWS_PER_PAGE) return load({ keep: true });
      page = { ...page, total: source.total(), next: (page.first ?? 0) + page.rows.length };
      showStatus();
    },
  };
}

/** @param {string} name @param {() => void} act */
function button(name, act) {
  return h('button', { type: 'button', onclick: act }, name);
}
