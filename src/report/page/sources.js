import { formatCount, formatShare } from './format.js';
import { matches, rowOf } from './matches.js';

/** @import { Entry } from '../entry.js' */
/** @import { Row, SearchLine, ViewStatus } from '../viewData.js' */
/** @import { Page, Source } from './browser.js' */

/**
 * The records that are in the page.
 *
 * @param {Entry[]} entries
 * @returns {Source}
 */
export function sampleSource(entries) {
  /** @type {WeakMap<Row, Entry>} */
  const entryOf = new WeakMap();
  return {
    async rows(filters, from, count) {
      const found = entries.filter((entry) => matches(entry, filters));
      const rows = found.slice(from, from + count).map((entry) => {
        const row = rowOf(entry);
        entryOf.set(row, entry);
        return row;
      });
      const next = from + count < found.length ? from + count : undefined;
      return { rows, first: from, total: found.length, next };
    },
    entry: async (row) => /** @type {Entry} */ (entryOf.get(row)),
  };
}

/**
 * The records of a file that the server of `view` reads.
 *
 * @returns {Source & { total: () => number, status: () => Promise<ViewStatus> }}
 */
export function servedSource() {
  let records = 0;
  /** @type {Source['rows']} */
  const page = async (_filters, from, count, { signal }) => {
    const told = await getJson(`api/rows?from=${from}&count=${count}`, signal);
    records = told.records;
    const next = from + told.rows.length < records ? from + told.rows.length : undefined;
    return { rows: told.rows, first: from, total: records, next };
  };
  /** @type {Source['rows']} */
  const search = async (filters, from, count, { signal, onRow, onProgress }) => {
    const query = new URLSearchParams({ ...filters, from: String(from), count: String(count) });
    /** @type {Page} */
    const found = { rows: [] };
    for await (const line of linesOf(await get(`api/search?${query}`, signal))) {
      /** @type {SearchLine} */
      const told = JSON.parse(line);
      if ('row' in told) {
        found.rows.push(told.row);
        onRow(told.row);
        continue;
      }
      found.next = told.next;
      const share = told.records === 0 ? 1 : told.scanned / told.records;
      found.note = `${formatShare(share)} of ${formatCount(told.records)} records searched`;
      onProgress(`${formatCount(found.rows.length)} found; ${found.note}`);
    }
    return found;
  };
  return {
    rows: (filters, from, count, told) =>
      (Object.values(filters).some((value) => value !== '') ? search : page)(filters, from, count, told),
    entry: (row) => getJson(`api/record?number=${row.number}`),
    total: () => records,
    async status() {
      const status = await getJson('api/status');
      records = status.records;
      return status;
    },
  };
}

/** @param {string} url @param {AbortSignal} [signal] */
async function get(url, signal) {
  const response = await fetch(url, signal ? { signal } : {});
  if (!response.ok) throw new Error(await response.text());
  return response;
}

/** @param {string} url @param {AbortSignal} [signal] @returns {Promise<any>} */
async function getJson(url, signal) {
  return (await get(url, signal)).json();
}

/** @param {Response} response */
async function* linesOf(response) {
  let held = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    const lines = (held + read.value).split('\n');
    held = lines.pop() ?? '';
    yield* lines;
  }
}
