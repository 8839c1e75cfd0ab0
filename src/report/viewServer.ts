import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RareflowError } from '../errors.js';
import { type Resolved, resolveOptions } from '../util/options.js';
import { scriptLanguages } from '../util/scriptLanguage.js';
import { type Entry, readEntry, unreadableEntry } from './entry.js';
import { type ViewOptions, viewOptions } from './options.js';
import { matches, rowOf } from './page/matches.js';
import { pageOf } from './page.js';
import type { Filters, SearchLine, ViewStatus } from './viewData.js';
import { ownWarnings } from './warnings.js';

/** The file that is shown: its state, reading further, and its lines from an index (from 0). */
export interface ViewedFile {
  readonly state: Omit<ViewStatus, 'states'>;
  follow(signal?: AbortSignal): Promise<void>;
  lines(from: number, count?: number): AsyncIterable<{ value: unknown } | { problem: string; text: string }>;
}

export interface ViewServer {
  url: string;
  close(): Promise<void>;
}

const MAX_ROWS_PER_REQUEST = 500;
/** Records between two reports of how far a search has read. */
const PROGRESS_INTERVAL = 2000;

/** A file and the name by which the page shows it. */
export interface NamedFile {
  file: ViewedFile;
  title: string;
}

type Answers = Record<string, (query: URLSearchParams, response: ServerResponse) => Promise<void>>;

/**
 * Serves a page that browses records on 127.0.0.1, one for each file: the first at `/`, the others at `/2/`, `/3/`, …, with links from
 * each to the others. It refuses requests whose Host is not this machine, so that no web page can read the files by pointing its own
 * name at this address (DNS rebinding).
 *
 * @throws UsageError for an unknown option and a value out of range; RareflowError for a port in use
 */
export async function startView(file: ViewedFile | readonly NamedFile[], options: ViewOptions): Promise<ViewServer> {
  const settings = resolveOptions('startView', viewOptions, options);
  const named = isList(file) ? file : [{ file, title: settings.title }];
  const files = named.map(({ title }, index) => ({ title, href: index === 0 ? '/' : `/${index + 1}/` }));
  const closing = new AbortController();
  const answers: Answers = {};
  for (const [index, one] of named.entries()) {
    const { href } = files[index] as (typeof files)[number];
    const page = await pageOf({
      ...{ kind: 'view', title: one.title, warnings: ownWarnings, languages: scriptLanguages },
      files: files.length > 1 ? files : [],
    });
    for (const [path, answer] of Object.entries(answersOf(one.file, page, settings, closing))) {
      answers[`${href}${path.slice(1)}`] = answer;
    }
  }

  const server = createServer(async (request, response) => {
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const answer = Object.hasOwn(answers, pathname) ? answers[pathname] : undefined;
      setSecurityHeaders(response);
      if (!isOwnHost(request)) sendRefusal(response, 403, 'this server answers only to its own address');
      else if (request.method !== 'GET') sendRefusal(response, 405, 'only GET is allowed');
      else if (answer === undefined) sendRefusal(response, 404, 'no such page');
      else await answer(searchParams, response);
    } catch (error) {
      sendRefusal(response, 500, error instanceof Error ? error.message : String(error));
    }
  });
  for (const { file: one } of named) await one.follow(AbortSignal.abort()); // throws if there is no file
  await listenOn(server, settings.port);
  for (const { file: one } of named) one.follow(closing.signal).catch(() => {});
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      closing.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const isList = (file: ViewedFile | readonly NamedFile[]): file is readonly NamedFile[] => Array.isArray(file);

/** Returns the answers to the requests for one file. */
function answersOf(
  file: ViewedFile,
  page: string,
  settings: Resolved<typeof viewOptions>,
  closing: AbortController,
): Answers {
  const states = new Set<string>();
  const entryOf = (line: { value: unknown } | { problem: string; text: string }, number: number): Entry => {
    const entry =
      'value' in line ? readEntry(line.value, number, settings) : unreadableEntry(line.problem, line.text, number);
    if (states.size < 100) states.add(entry.state);
    return entry;
  };

  async function* entries(from: number, count?: number): AsyncGenerator<Entry> {
    let number = from;
    for await (const line of file.lines(from, count)) yield entryOf(line, ++number);
  }

  /** Waits a moment if the file has not been read this far. */
  const readUpTo = async (records: number) => {
    if (file.state.records < records) await Promise.race([file.follow(closing.signal), sleep(300)]);
  };

  const answers: Answers = {
    '/': async (_, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
    },
    '/api/status': async (_, response) => {
      file.follow(closing.signal).catch(() => {}); // if the file is gone, its last state stays
      sendJson(response, { ...file.state, states: [...states].sort() } satisfies ViewStatus);
    },
    '/api/rows': async (query, response) => {
      const rows = [];
      await readUpTo(wholeParameter(query, 'from') + rowsWanted(query));
      for await (const entry of entries(wholeParameter(query, 'from'), rowsWanted(query))) rows.push(rowOf(entry));
      sendJson(response, { rows, records: file.state.records });
    },
    '/api/record': async (query, response) => {
      await readUpTo(wholeParameter(query, 'number'));
      for await (const entry of entries(Math.max(wholeParameter(query, 'number') - 1, 0), 1)) {
        sendJson(response, entry);
        return;
      }
      sendRefusal(response, 404, 'no such record');
    },
    '/api/search': async (query, response) => {
      response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
      for await (const line of search(wholeParameter(query, 'from'), rowsWanted(query), filtersOf(query), response)) {
        response.write(`${JSON.stringify(line)}\n`);
      }
      response.end();
    },
  };

  /** Reads the records from an index until enough match, the file ends, or the client disconnects. */
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
        if (scanned % PROGRESS_INTERVAL === 0) {
          yield { scanned, records: file.state.records };
          await new Promise(setImmediate);
        }
      }
      // The file may not have been read to its end when the search started.
      if (found < count) await file.follow(closing.signal);
    } while (found < count && scanned < file.state.records);
    const isEnd = scanned >= file.state.records;
    yield { scanned, records: file.state.records, next: isEnd ? undefined : scanned };
  }

  return answers;
}

function listenOn(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new RareflowError(`cannot listen on port ${port}: ${cause.message}`, { cause, hint: 'use another --port' }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

function isOwnHost({ headers: { host = '' } }: IncomingMessage): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i.test(host);
}

function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('cache-control', 'no-store');
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8').end(JSON.stringify(value));
}

function sendRefusal(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(message);
}

function wholeParameter(query: URLSearchParams, name: string): number {
  return Math.max(Math.floor(Number(query.get(name))) || 0, 0);
}

function rowsWanted(query: URLSearchParams): number {
  return Math.min(wholeParameter(query, 'count') || 50, MAX_ROWS_PER_REQUEST);
}

function filtersOf(query: URLSearchParams): Filters {
  const at = (name: string) => query.get(name) ?? '';
  return { words: at('words'), warning: at('warning'), state: at('state'), language: at('language') };
}
