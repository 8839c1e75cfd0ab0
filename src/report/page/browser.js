import { h } from './dom.js';
import { formatCount, stageName } from './format.js';
import { recordView } from './record.js';

/** @import { Entry } from '../entry.js' */
/** @import { Filters, Row } from '../viewData.js' */

/**
 * Where the browser gets records from. `from` is 0 or a `next` that an earlier page gave.
 *
 * @typedef {{
 *   rows(filters: Filters, from: number, count: number, told: { signal: AbortSignal, onRow: (row: Row) => void, onProgress: (words: string) => void }): Promise<Page>,
 *   entry(row: Row): Promise<Entry>,
 *   total?: () => number,
 * }} Source
 */
/**
 * `first` counts from 0 and `total` all that match, where that is known; `next` is there where more may come.
 *
 * @typedef {{ rows: Row[], first?: number, total?: number, next?: number | undefined, note?: string | undefined }} Page
 */

export const rowsOfPage = 50;

/** @type {Filters} */
const noFilters = { words: '', warning: '', state: '', language: '' };

/**
 * The list of records, the filters over it, and the record that is looked at.
 *
 * @param {Source} source
 * @param {{ warnings: Record<string, string>, states: string[], languages: string[], heading: HTMLElement, about: string }} options
 */
export function recordBrowser(source, { warnings, states, languages, heading, about }) {
  /** @type {Filters} */
  let filters = { ...noFilters };
  /** The starts of the pages up to this one. */
  let starts = [0];
  /** @type {Page} */
  let page = { rows: [] };
  let selected = -1;
  let asked = new AbortController();

  const search = /** @type {HTMLInputElement} */ (
    h('input', {
      type: 'search',
      id: 'search',
      placeholder: 'Words in any text',
      autocomplete: 'off',
      spellcheck: 'false',
    })
  );
  const warningSelect = select('warning', Object.entries(warnings));
  const stateSelect = select(
    'state',
    states.map((state) => [state, stageName(state)]),
  );
  const languageSelect = select(
    'language',
    languages.map((language) => [language, language]),
  );
  const status = h('p', { class: 'status', role: 'status' });
  const list = h('ol', { class: 'rows', 'aria-label': 'Records' });
  const detail = h('div', { class: 'detail' });
  const previous = button('Previous', () => turn(-1));
  const next = button('Next', () => turn(1));
  const goTo = /** @type {HTMLInputElement} */ (
    h('input', {
      type: 'number',
      id: 'go-to',
      min: 1,
      inputmode: 'numeric',
      onchange: () => goToRecord(Number(goTo.value)),
    })
  );
  const newest = button('Newest', () => goToRecord(source.total?.() ?? 1));

  /** @param {string} name @param {string[][]} options */
  function select(name, options) {
    const all = [['', 'all'], ...options].map(([value, label]) => h('option', { value }, label));
    const made = /** @type {HTMLSelectElement} */ (h('select', { id: name }, ...all));
    made.addEventListener('change', () => narrow({ [name]: made.value }));
    return made;
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => narrow({ words: search.value.trim() }), 250);
  });

  /** Shows what matches, from its start. @param {Partial<Filters>} changes */
  function narrow(changes) {
    filters = { ...filters, ...changes };
    for (const [field, value] of [
      [warningSelect, filters.warning],
      [stateSelect, filters.state],
      [languageSelect, filters.language],
    ]) {
      /** @type {HTMLSelectElement} */ (field).value = /** @type {string} */ (value);
    }
    starts = [0];
    return load();
  }

  /** @param {number} by */
  async function turn(by) {
    if (by > 0 && page.next !== undefined) starts.push(page.next);
    else if (by < 0 && starts.length > 1) starts.pop();
    else return;
    await load();
    list.scrollTop = 0;
  }

  /** @param {number} number from 1 */
  async function goToRecord(number) {
    const total = source.total?.() ?? 0;
    if (!(number >= 1) || total === 0) return;
    const at = Math.min(number, total) - 1;
    filters = { ...noFilters };
    search.value = '';
    const first = Math.floor(at / rowsOfPage) * rowsOfPage;
    starts = first === 0 ? [0] : [0, first];
    for (const field of [warningSelect, stateSelect, languageSelect]) field.value = '';
    await load();
    await choose(at - first);
  }

  async function load({ keep = false } = {}) {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    /** @type {Row[]} */
    const soFar = [];
    const told = {
      signal,
      onRow: (/** @type {Row} */ row) => {
        soFar.push(row);
        if (!keep) drawRows(soFar);
      },
      onProgress: (/** @type {string} */ words) => {
        if (!signal.aborted) status.textContent = words;
      },
    };
    try {
      const loaded = await source.rows(filters, /** @type {number} */ (starts.at(-1)), rowsOfPage, told);
      if (signal.aborted) return;
      page = loaded;
      drawRows(page.rows);
      if (!keep || selected < 0) await choose(0, { quietly: true });
      tell();
    } catch (error) {
      if (!signal.aborted) status.textContent = `Could not be read: ${error instanceof Error ? error.message : error}`;
    }
  }

  function tell() {
    const { rows, first, total, note } = page;
    const range =
      first === undefined || rows.length === 0
        ? ''
        : `${formatCount(first + 1)}–${formatCount(first + rows.length)} of `;
    const count = total === undefined ? `${formatCount(rows.length)} found` : `${range}${formatCount(total)}`;
    status.textContent =
      rows.length === 0 && note === undefined ? 'No record matches.' : [count, note].filter(Boolean).join('; ');
    previous.toggleAttribute('disabled', starts.length < 2);
    next.toggleAttribute('disabled', page.next === undefined);
  }

  /** @param {Row[]} rows */
  function drawRows(rows) {
    while (list.children.length > rows.length) list.lastChild?.remove();
    for (const [place, row] of rows.entries()) {
      const drawn = list.children[place];
      const key = `${row.rejected} ${row.number} ${row.words}`;
      if (drawn?.getAttribute('data-key') === key) continue;
      const item = h('li', { 'data-key': key }, rowButton(row, place));
      if (drawn === undefined) list.append(item);
      else drawn.replaceWith(item);
    }
  }

  /** @param {Row} row @param {number} place */
  function rowButton({ number, words, warnings: found, rejected }, place) {
    const flags = found.map((name) => warnings[name] ?? name).join(', ');
    return h(
      'button',
      { type: 'button', onclick: () => choose(place, { byHand: true }) },
      h('span', { class: 'number' }, rejected ? 'reject' : formatCount(number)),
      h('span', { class: 'words' }, words),
      found.length > 0 && h('span', { class: 'flag', title: flags }, '▲', h('span', { class: 'unseen' }, ` ${flags}`)),
    );
  }

  async function choose(/** @type {number} */ place, { byHand = false, quietly = false } = {}) {
    const row = page.rows[place];
    selected = row === undefined ? -1 : place;
    for (const [at, item] of [...list.children].entries()) {
      const chosen = at === selected;
      if (chosen) item.firstElementChild?.setAttribute('aria-current', 'true');
      else item.firstElementChild?.removeAttribute('aria-current');
      if (chosen && !quietly) scrollWithin(list, /** @type {HTMLElement} */ (item));
    }
    if (row === undefined) {
      detail.replaceChildren();
      return;
    }
    const entry = await source.entry(row);
    if (page.rows[selected] !== row) return;
    detail.replaceChildren(recordView(entry, warnings));
    const isNarrow = getComputedStyle(list).getPropertyValue('--stacked').trim() === '1';
    if (byHand && isNarrow) detail.scrollIntoView({ block: 'start' });
  }

  /** @param {number} by */
  async function step(by) {
    const place = selected + by;
    if (place >= 0 && place < page.rows.length) return choose(place);
    if (place < 0 && starts.length > 1) {
      await turn(-1);
      await choose(page.rows.length - 1);
    } else if (place >= page.rows.length && page.next !== undefined) {
      await turn(1);
      await choose(0);
    }
  }

  const element = h(
    'section',
    { class: 'browser', id: 'records', 'aria-labelledby': heading.id },
    heading,
    h('p', { class: 'about' }, about),
    h(
      'form',
      { class: 'filters', role: 'search', onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      field('Search', search, 'wide'),
      field('Warning', warningSelect),
      field('Stage', stateSelect),
      field('Language', languageSelect),
      source.total !== undefined && field('Go to record', goTo, 'short'),
      source.total !== undefined && newest,
    ),
    h(
      'div',
      { class: 'panes' },
      h('div', { class: 'side' }, status, list, h('div', { class: 'turns' }, previous, next)),
      detail,
    ),
  );

  return {
    element,
    narrow: (/** @type {Partial<Filters>} */ changes) => {
      search.value = '';
      return narrow({ ...noFilters, ...changes });
    },
    step,
    search,
    load,
    /** Offers a stage that was not known before. @param {string[]} known */
    offerStates(known) {
      const had = new Set([...stateSelect.options].map(({ value }) => value));
      for (const state of known)
        if (!had.has(state)) stateSelect.append(h('option', { value: state }, stageName(state)));
    },
    /** Whether more records of the file would show on this page. */
    isOpenEnded: () => Object.values(filters).every((value) => value === '') && page.rows.length < rowsOfPage,
    /** New records have come beyond this page. */
    refreshTotal() {
      if (!Object.values(filters).every((value) => value === '') || source.total === undefined) return;
      page = { ...page, total: source.total(), next: (page.first ?? 0) + page.rows.length };
      tell();
    },
  };
}

/** @param {string} name @param {HTMLElement} control @param {string} [kind] */
function field(name, control, kind = '') {
  return h('p', { class: `field ${kind}` }, h('label', { for: control.id }, name), control);
}

/** @param {string} name @param {() => void} act */
function button(name, act) {
  return h('button', { type: 'button', onclick: act }, name);
}

/** Scrolls a list, and not the page around it. @param {HTMLElement} list @param {HTMLElement} item */
function scrollWithin(list, item) {
  const above = item.offsetTop - list.offsetTop;
  if (above < list.scrollTop) list.scrollTop = above;
  else if (above + item.offsetHeight > list.scrollTop + list.clientHeight) {
    list.scrollTop = above + item.offsetHeight - list.clientHeight;
  }
}
