import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RareflowError } from '../errors.js';
import { type Entry, type EntryKeys, readEntry, unreadableEntry } from './entry.js';
import { languages } from './language.js';
import { matches, rowOf } from './page/matches.js';
import { pageOf } from './page.js';
import type { Filters, SearchLine, ViewStatus } from './viewData.js';
import { ownWarnings } from './warnings.js';

/** The file that is shown: what is known of it, reading on, and its lines from a place (from 0) on. */
export interface ViewedFile {
  readonly state: Omit<ViewStatus, 'states'>;
  follow(signal?: AbortSignal): Promise<void>;
  lines(from: number, count?: number): AsyncIterable<{ value: unknown } | { problem: string; text: string }>;
}

export interface ViewOptions extends EntryKeys {
  title: string;
  /** 0 takes a free one. Default 0. */
  port?: number | undefined;
}

export interface ViewServer {
  url: string;
  close(): Promise<void>;
}

const mostRows = 500;
const tellEvery = 2000;

/**
 * Serves the browser of records on 127.0.0.1. Requests whose Host is not this machine's own are refused, so that no web
 * page can read the file by giving its own name our address (DNS rebinding). Throws RareflowError for a port that is taken.
 */
export async function startView(file: ViewedFile, { title, port = 0, ...keys }: ViewOptions): Promise<ViewServer> {
  const page = pageOf({ kind: 'view', title, warnings: ownWarnings, languages });
  const closing = new AbortController();
  const states = new Set<string>();
  const entryOf = (line: { value: unknown } | { problem: string; text: string }, number: number): Entry => {
    const entry =
      'value' in line ? readEntry(line.value, number, keys) : unreadableEntry(line.problem, line.text, number);
    if (states.size < 100) states.add(entry.state);
    return entry;
  };

  async function* entries(from: number, count?: number): AsyncGenerator<Entry> {
    let number = from;
    for await (const line of file.lines(from, count)) yield entryOf(line, ++number);
  }

  /** A file that was just opened is given a moment to be read as far as is asked for. */
  const known = async (records: number) => {
    if (file.state.records < records) await Promise.race([file.follow(closing.signal), sleep(300)]);
  };

  const answers: Record<string, (query: URLSearchParams, response: ServerResponse) => Promise<void>> = {
    '/': async (_, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
    },
    '/api/status': async (_, response) => {
      file.follow(closing.signal).catch(() => {}); // where the file has gone, what is known of it stays
      json(response, { ...file.state, states: [...states].sort() } satisfies ViewStatus);
    },
    '/api/rows': async (query, response) => {
      const rows = [];
      await known(whole(query, 'from') + rowsWanted(query));
      for await (const entry of entries(whole(query, 'from'), rowsWanted(query))) rows.push(rowOf(entry));
      json(response, { rows, records: file.state.records });
    },
    '/api/record': async (query, response) => {
      await known(whole(query, 'number'));
      for await (const entry of entries(Math.max(whole(query, 'number') - 1, 0), 1)) {
        json(response, entry);
        return;
      }
      refuse(response, 404, 'there is no such record');
    },
    '/api/search': async (query, response) => {
      response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
      for await (const line of search(whole(query, 'from'), rowsWanted(query), filtersOf(query), response)) {
        response.write(`${JSON.stringify(line)}\n`);
      }
      response.end();
    },
  };

  /** Reads the records from a place on until enough match, the file ends, or nobody listens any more. */
  async function* search(
    from: number,
    count: number,
    filters: Filters,
    response: ServerResponse,
  ): AsyncGenerator<SearchLine> {
    let scanned = from;
    let found = 0;
    do {
      for await (const entry of entries(scanned)) {
        if (response.destroyed || closing.signal.aborted) return;
        scanned += 1;
        if (matches(entry, filters)) {
          found += 1;
          yield { row: rowOf(entry) };
        }
        if (found === count) break;
        if (scanned % tellEvery === 0) {
          yield { scanned, records: file.state.records };
          await new Promise(setImmediate);
        }
      }
      // The file may not have been read to its end when the search began.
      if (found < count) await file.follow(closing.signal);
    } while (found < count && scanned < file.state.records);
    const isEnd = scanned >= file.state.records;
    yield { scanned, records: file.state.records, next: isEnd ? undefined : scanned };
  }

  const server = createServer(async (request, response) => {
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const answer = Object.hasOwn(answers, pathname) ? answers[pathname] : undefined;
      harden(response);
      if (!isOwnHost(request)) refuse(response, 403, 'this server answers to its own address only');
      else if (request.method !== 'GET') refuse(response, 405, 'only GET');
      else if (answer === undefined) refuse(response, 404, 'no such page');
      else await answer(searchParams, response);
    } catch (error) {
      refuse(response, 500, error instanceof Error ? error.message : String(error));
    }
  });
  await file.follow(AbortSignal.abort()); // says at once where there is no file
  await listen(server, port);
  file.follow(closing.signal).catch(() => {});
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new RareflowError(`port ${port} cannot be used: ${cause.message}`, { cause, hint: 'take another --port' }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

function isOwnHost({ headers: { host = '' } }: IncomingMessage): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(host);
}

function harden(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('cache-control', 'no-store');
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8').end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, words: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(words);
}

function whole(query: URLSearchParams, name: string): number {
  return Math.max(Math.floor(Number(query.get(name))) || 0, 0);
}

function rowsWanted(query: URLSearchParams): number {
  return Math.min(whole(query, 'count') || 50, mostRows);
}

function filtersOf(query: URLSearchParams): Filters {
  const at = (name: string) => query.get(name) ?? '';
  return { words: at('words'), warning: at('warning'), state: at('state'), language: at('language') };
}
