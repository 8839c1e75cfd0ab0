import { formatCount, formatShare } from './format.js';
import { matches, rowOf } from './matches.js';

/** @import { Entry } from '../entry.js' */
/** @import { RecordRow, SearchLine, ViewStatus } from '../viewData.js' */
/** @import { Page, Source } from './browser.js' */

/**
 * The records in the page.
 *
 * @param {Entry[]} entries
 * @returns {Source}
 */
export function sampleSource(entries) {
  /** @type {WeakMap<RecordRow, Entry>} */
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
    const answer = await getJson(`api/rows?from=${from}&count=${count}`, signal);
    records = answer.records;
    const next = from + answer.rows.length < records ? from + answer.rows.length : undefined;
    return { rows: answer.rows, first: from, total: records, next };
  };
  /** @type {Source['rows']} */
  const search = async (filters, from, count, { signal, onRow, onProgress }) => {
    const query = new URLSearchParams({ ...filters, from: String(from), count: String(count) });
    /** @type {Page} */
    const found = { rows: [] };
    for await (const line of linesOf(await get(`api/search?${query}`, signal))) {
      /** @type {SearchLine} */
      const result = JSON.parse(line);
      if ('row' in result) {
        found.rows.push(result.row);
        onRow(result.row);
        continue;
      }
      found.next = result.next;
      const share = result.records === 0 ? 1 : result.scanned / result.records;
      found.note = `${formatShare(share)} of ${formatCount(result.records)} records searched`;
      onProgress(`${formatCount(found.rows.length)} found; ${found.note}`);
    }
    return found;
  };
  return {
    rows: (filters, from, count, observer) =>
      (Object.values(filters).some((value) => value !== '') ? search : page)(filters, from, count, observer),
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
