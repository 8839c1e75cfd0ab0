import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../errors.js';
import type { Refusal } from '../faults/refusals.js';
import { checkOptions, type StandInOptions } from '../options.js';
import { Batches } from './batches.js';
import { Chat, type Decision, readBody } from './chat.js';
import { deliver, pause } from './deliver.js';
import { Ledger, type LedgerCall } from './ledger.js';

export type { StandInOptions };

export interface StandIn {
  /** The base URL of its API; ends in `/v1`. */
  baseUrl: string;
  /** What it has done so far; `GET /stand-in/ledger?slots=N` gives its sums as JSON. */
  ledger: Ledger;
  /** Ends it, and the connections that are open. */
  close(): Promise<void>;
}

/**
 * Starts an OpenAI-compatible server on 127.0.0.1 that needs no model: for tests, and to rehearse a pipeline with faults.
 * It serves `/v1/chat/completions` (plain and as a stream), `/v1/files` and `/v1/batches`, and `/v1/models`, in the manner of the server that `profile`
 * names. Its answers, faults and delays depend on the seed, the record's content and the number of the call about that
 * record alone, whatever order calls come in.
 * Throws UsageError for an option that cannot be used and for a port that is taken.
 */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  checkOptions(options);
  const { port = 0, stallMs = 60_000 } = options;
  const ledger = new Ledger(options);
  const chat = new Chat(options, ledger);
  const batches = new Batches(chat, ledger, options);

  /** By method and path, without the query. */
  const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
    'POST /v1/chat/completions': (request, response) => {
      const call = ledger.open(request.headers.authorization);
      // A client that hangs up while it sends is no failure of the server.
      serve(request, response, call).catch(() => response.destroy());
    },
    'GET /v1/models': (_request, response) => replyJson(response, 200, models),
    'GET /stand-in/ledger': (request, response) => {
      const slots = Number(/[?&]slots=(\d+)/.exec(request.url ?? '')?.[1] ?? 0);
      replyJson(response, 200, { ...ledger.sums(), ...(slots > 0 && { utilisation: ledger.utilisation(slots) }) });
    },
  };

  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/s, '');
    const route = routes[`${request.method} ${path}`];
    if (/^\/v1\/(files|batches)(\/|$)/.test(path)) {
      serveBatch(request, response, path).catch(() => response.destroy());
    } else if (route === undefined) replyJson(response, 404, { detail: 'Not Found' });
    else route(request, response);
  });
  server.keepAliveTimeout = 75_000;

  async function serveBatch(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { method = '', headers } = request;
    const bytes = await bytesOf(request);
    const { status, body } = await batches.answer(
      method,
      path,
      headers['content-type'] ?? '',
      bytes,
      headers.authorization,
    );
    if (typeof body === 'string') reply(response, status, body, { 'content-type': 'application/jsonl' });
    else replyJson(response, status, body);
  }

  async function serve(request: IncomingMessage, response: ServerResponse, call: LedgerCall): Promise<void> {
    let takenTokens = 0;
    const end = () => {
      if (call.endMs === undefined) chat.limits.settle(takenTokens, call.promptTokens + call.completionTokens);
      ledger.end(call);
    };
    response.once('close', end);
    const body = readBody((await bytesOf(request)).toString());
    const decision: Decision =
      body === undefined
        ? { serviceMs: 0, takenTokens: 0, reply: { refusal: chat.misread() } }
        : chat.decide(body, call);
    const { serviceMs, reply } = decision;
    takenTokens = decision.takenTokens;
    const limitHeaders = chat.profile.limitHeaders(chat.limits.states(ledger.now()));
    if ('refusal' in reply) {
      if (await pause(response, serviceMs)) sendRefusal(response, call, reply.refusal, limitHeaders, end);
      return;
    }
    const { plan } = reply;
    const { promptTokens, completionTokens } = plan;
    // Until it is sent, a client that hangs up cannot learn what it was billed.
    Object.assign(call, { promptTokens, completionTokens, told: false });
    const onSent = () => {
      Object.assign(call, { told: plan.told, status: plan.parts.length === 0 ? undefined : plan.status });
      end();
    };
    const { keepAlive } = chat.profile;
    const sent = { ...plan, headers: { ...plan.headers, ...limitHeaders } };
    await deliver(response, sent, { serviceMs, stallMs, keepAlive, onSent });
  }

  function sendRefusal(
    response: ServerResponse,
    call: LedgerCall,
    { status, body, headers, toldMs, toldUntilEpochMs }: Refusal,
    limitHeaders: Record<string, string>,
    end: () => void,
  ): void {
    // A time that was named stands, however long the answer took.
    const waitMs = toldUntilEpochMs === undefined ? toldMs : toldUntilEpochMs - Date.now();
    if (waitMs !== undefined) ledger.hold(waitMs);
    call.status = status;
    end();
    reply(response, status, body, { ...limitHeaders, ...headers });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new UsageError(`cannot listen on port ${port}`, { hint: 'take another port, or 0 for a free one', cause }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    ledger,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const models = {
  object: 'list',
  data: [{ id: 'stand-in', object: 'model', created: 1_767_225_600, owned_by: 'rareflow' }],
};

function replyJson(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, JSON.stringify(value));
}

function reply(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  const length = { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { 'content-type': 'application/json', ...length, ...headers });
  response.end(body);
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
