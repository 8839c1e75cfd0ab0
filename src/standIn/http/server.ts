import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../errors.js';
import { resolveOptions } from '../../util/options.js';
import { CREATED_SECONDS } from '../answers/completionBody.js';
import { Judgements } from '../answers/judgements.js';
import { checkFaults } from '../faults/faults.js';
import type { HttpError } from '../faults/httpErrors.js';
import { type StandInOptions, standInOptions } from '../options.js';
import { Batches } from './batches.js';
import { ChatCompletions, type Decision, readBody } from './chatCompletions.js';
import { Ledger, type LedgerCall } from './ledger.js';
import { planRestart } from './plannedRestart.js';
import { pause, sendResponse } from './sendResponse.js';

export type { StandInOptions };

export interface StandIn {
  /** The base URL of its API; ends in `/v1`, or names a deployment and an API version. */
  baseUrl: string;
  /** The calls so far; `GET /stand-in/ledger?slots=N` returns its sums as JSON. */
  ledger: Ledger;
  /** Closes it and its open connections. */
  close(): Promise<void>;
}

/**
 * Starts an OpenAI-compatible server on 127.0.0.1 that needs no model: for tests, and to rehearse a pipeline with faults.
 * It serves `/v1/chat/completions` (plain and as a stream), `/v1/files`, `/v1/batches` and `/v1/models`, like the server that
 * `profile` names. Its answers, faults and delays depend only on the seed, the record's content and the number of the call
 * about that record, not on the order of calls.
 *
 * @throws UsageError for an unknown option, a value out of range and a port in use
 */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const settings = resolveOptions('startStandIn', standInOptions, options);
  const { port, stallMs, faults = {} } = settings;
  checkFaults(faults);
  const ledger = new Ledger(settings);
  const { judgements, judgeErrors: errors, seed } = settings;
  const labels = judgements === undefined ? undefined : Judgements.read(judgements, { errors, seed });
  const answer = settings.answer ?? (labels && ((messages) => labels.write(messages)));
  const chat = new ChatCompletions({ ...settings, answer }, ledger);
  const batches = new Batches(chat, ledger, settings);

  /** By method and path, without the query. */
  const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
    'POST /v1/chat/completions': (request, response) => {
      const { authorization, 'api-key': azureKey } = request.headers;
      const call = ledger.open(
        chat.profile.isAzure === true && azureKey !== undefined ? `Bearer ${azureKey}` : authorization,
      );
      // The server does not fail if a client disconnects while it sends.
      serve(request, response, call).catch(() => response.destroy());
    },
    'GET /v1/models': (_request, response) => replyJson(response, 200, models),
    'GET /stand-in/ledger': (request, response) => {
      const slots = Number(/[?&]slots=(\d+)/.exec(request.url ?? '')?.[1] ?? 0);
      replyJson(response, 200, { ...ledger.sums(), ...(slots > 0 && { utilisation: ledger.utilisation(slots) }) });
    },
  };

  const server = createServer((request, response) => {
    const path =
      chat.profile.isAzure === true ? azurePath(request.url ?? '') : (request.url ?? '').replace(/\?.*$/s, '');
    const route = routes[`${request.method} ${path}`];
    if (/^\/v1\/(files|batches)(\/|$)/.test(path)) {
      serveBatch(request, response, path).catch(() => response.destroy());
    } else if (route === undefined) replyJson(response, 404, { detail: 'Not Found' });
    else route(request, response);
  });
  server.keepAliveTimeout = 75_000;

  async function serveBatch(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { method = '', headers } = request;
    const bytes = await readBytes(request);
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
    const body = readBody((await readBytes(request)).toString());
    const decision: Decision =
      body === undefined
        ? { serviceMs: 0, takenTokens: 0, reply: { error: chat.parseError() } }
        : chat.decide(body, call);
    const { serviceMs, reply } = decision;
    takenTokens = decision.takenTokens;
    const limitHeaders = chat.profile.limitHeaders(chat.limits.states(ledger.now()));
    if ('error' in reply) {
      if (await pause(response, serviceMs)) sendError(response, call, reply.error, limitHeaders, end);
      return;
    }
    const { plan } = reply;
    const { promptTokens, completionTokens } = plan;
    // A client that disconnects before the response cannot learn what it was billed.
    Object.assign(call, { promptTokens, completionTokens, told: false });
    const onSent = () => {
      Object.assign(call, { told: plan.usageReported, status: plan.parts.length === 0 ? undefined : plan.status });
      end();
    };
    const { keepAlive } = chat.profile;
    const planned = { ...plan, headers: { ...plan.headers, ...limitHeaders } };
    await sendResponse(response, planned, { serviceMs, stallMs, keepAlive, onSent });
  }

  function sendError(
    response: ServerResponse,
    call: LedgerCall,
    { status, body, headers, namedWaitMs, namedUntilEpochMs }: HttpError,
    limitHeaders: Record<string, string>,
    end: () => void,
  ): void {
    // The time that the error names does not depend on how long the answer took.
    const waitMs = namedUntilEpochMs === undefined ? namedWaitMs : namedUntilEpochMs - Date.now();
    if (waitMs !== undefined) ledger.hold(waitMs);
    call.status = status;
    end();
    reply(response, status, body, { ...limitHeaders, ...headers });
  }

  const listen = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(port).catch((cause) => {
    throw new UsageError(`cannot listen on port ${port}`, { hint: 'use another port, or 0 for a free one', cause });
  });
  const { port: openPort } = server.address() as AddressInfo;
  const cancelRestart = settings.restart && planRestart(server, settings.restart, () => listen(openPort));
  return {
    baseUrl: `http://127.0.0.1:${openPort}${chat.profile.isAzure === true ? AZURE_PATH : '/v1'}`,
    ledger,
    close: () =>
      new Promise((resolve) => {
        cancelRestart?.();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const AZURE_PATH = '/openai/deployments/stand-in?api-version=2024-10-21';

/** Returns the path of an address of Azure as the other servers have it; the address itself if it names no API version. */
function azurePath(address: string): string {
  const [, path] = /^\/openai\/deployments\/[^/?]+(\/[^?]*)\?(?:.*&)?api-version=/.exec(address) ?? [];
  return path === undefined ? address : `/v1${path}`;
}

const models = {
  object: 'list',
  data: [{ id: 'stand-in', object: 'model', created: CREATED_SECONDS, owned_by: 'rareflow' }],
};

function replyJson(response: ServerResponse, status: number, value: unknown): void {
  reply(response, status, JSON.stringify(value));
}

function reply(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  const length = { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { 'content-type': 'application/json', ...length, ...headers });
  response.end(body);
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
