import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorReply, errorReplies, refusedKey } from './answers.js';
import { chooseFault, type FaultName, type FaultRates, serviceTime } from './faults.js';
import { Ledger, type LedgerCall } from './ledger.js';
import { type ChatBody, type Plan, planAnswer } from './plan.js';

export interface StandInOptions {
  /** All that is random follows from it and the records' contents (1). */
  seed?: number;
  /** Median service time, in milliseconds (0), and the spread of its logarithm (0). */
  medianMs?: number;
  sigma?: number;
  faults?: FaultRates;
  /** Says what befalls a call, before the rates do. */
  script?: (call: { key: string; callNumber: number; index: number }) => FaultName | undefined;
  /** The pause that `rate429` asks for, in milliseconds (100). */
  retryAfterMs?: number;
  /** How long `stall` keeps silent, in milliseconds (60,000). */
  stallMs?: number;
  /** Any other key is refused with a 401 that quotes it. */
  apiKey?: string;
  /** From this call on, counted from 1, the quota is gone. */
  quotaGoneAtCall?: number;
  /** A stretch in which every call is a 503, in milliseconds since the start. */
  outage?: { fromMs: number; untilMs: number };
  /** A token bucket; a call that finds it empty is a 429 with the exact Retry-After. */
  bucket?: { perSecond: number; burst: number };
  /** Parameters that the model does not take. */
  refuses?: ('max_tokens' | 'temperature')[];
}

export interface StandIn {
  /** Ends in `/v1`. */
  baseUrl: string;
  ledger: Ledger;
  close(): Promise<void>;
}

/** An OpenAI-compatible server on 127.0.0.1: its answers, faults and delays are a function of (seed, record, call number). */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { seed = 1, medianMs = 0, sigma = 0, faults = {}, script, retryAfterMs = 100, stallMs = 60_000 } = options;
  const ledger = new Ledger();
  const callsOf = new Map<string, number>();
  const bucket = { level: options.bucket?.burst ?? 0, atMs: 0 };

  const server = createServer((request, response) => {
    const { method, url = '' } = request;
    if (method === 'GET' && url.startsWith('/v1/models')) {
      reply(response, 200, JSON.stringify({ object: 'list', data: [{ id: 'stand-in', object: 'model' }] }));
      return;
    }
    if (method !== 'POST' || !url.startsWith('/v1/chat/completions')) {
      reply(response, 404, JSON.stringify({ detail: 'Not Found' }));
      return;
    }
    const call = ledger.open(request.headers.authorization);
    response.once('close', () => ledger.end(call));
    // A client that hangs up while it sends is no failure of the server.
    serve(request, response, call).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse, call: LedgerCall): Promise<void> {
    const body = JSON.parse(await textOf(request)) as ChatBody;
    const { messages, ...parameters } = body;
    const first = messages.find(({ role }) => role === 'user')?.content ?? '';
    const key = createHash('sha1').update(first).digest('base64url');
    const callNumber = (callsOf.get(key) ?? 0) + 1;
    callsOf.set(key, callNumber);
    Object.assign(call, { key, callNumber, parameters });

    const refusal = refusalOf(call);
    if (refusal !== undefined) {
      fail(response, call, refusal);
      return;
    }
    const fault = script?.({ key, callNumber, index: call.index }) ?? chooseFault(faults, seed, key, callNumber);
    call.fault = fault;
    const ms = fault === 'stall' ? stallMs : serviceTime(medianMs, sigma, seed, key, callNumber);
    if (ms > 0) await delay(ms, undefined, { ref: false });
    if (response.destroyed) return;
    const error = fault === 'auth401' ? refusedKey('sk-***') : fault && errorReplies[fault];
    if (error !== undefined) fail(response, call, error);
    else await deliver(response, call, planAnswer(body, `stand-in-${key}-${callNumber}`, fault));
  }

  /** What the server refuses whatever the record: the key, the quota, an outage, parameters, the rate. */
  function refusalOf({ authorization = '', index, startMs, parameters }: LedgerCall): ErrorReply | undefined {
    const { apiKey, quotaGoneAtCall = Number.POSITIVE_INFINITY, outage, refuses = [] } = options;
    const key = authorization.replace('Bearer ', '');
    if (apiKey !== undefined && key !== apiKey) return refusedKey(key);
    if (index + 1 >= quotaGoneAtCall) return errorReplies.quota429;
    if (outage !== undefined && startMs >= outage.fromMs && startMs < outage.untilMs) return errorReplies.http503;
    if (refuses.includes('max_tokens') && 'max_tokens' in parameters) return errorReplies.unsupportedMaxTokens;
    if (refuses.includes('temperature') && 'temperature' in parameters) return errorReplies.unsupportedTemperature;
    return options.bucket === undefined ? undefined : draw(options.bucket);
  }

  function draw({ perSecond, burst }: { perSecond: number; burst: number }): ErrorReply | undefined {
    const now = ledger.now();
    bucket.level = Math.min(burst, bucket.level + ((now - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = now;
    if (bucket.level >= 1) {
      bucket.level -= 1;
      return undefined;
    }
    const ms = Math.ceil(((1 - bucket.level) / perSecond) * 1000);
    return { status: 429, body: errorReplies.rate429?.body ?? '', headers: { 'retry-after-ms': String(ms) } };
  }

  function fail(response: ServerResponse, call: LedgerCall, { status, body, headers = {} }: ErrorReply): void {
    const hint: Record<string, string> =
      call.fault === 'rate429' ? { 'retry-after-ms': String(retryAfterMs) } : headers;
    const holdMs = Number(hint['retry-after-ms'] ?? 0);
    if (holdMs > 0) ledger.hold(holdMs);
    call.status = status;
    ledger.end(call);
    reply(response, status, body, hint);
  }

  async function deliver(response: ServerResponse, call: LedgerCall, plan: Plan): Promise<void> {
    const { body, contentType, delivery, promptTokens, completionTokens, told } = plan;
    Object.assign(call, { promptTokens, completionTokens, told });
    const headers = { 'content-type': contentType };
    if (delivery === 'dropped') return drop(response, call);
    call.status = 200;
    if (delivery === 'midway') {
      response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.write(body.slice(0, body.length / 2), () => drop(response, call));
      return;
    }
    if (delivery === 'dripped') {
      response.writeHead(200, headers);
      for (let at = 0; at < body.length; at += 64) {
        response.write(body.slice(at, at + 64));
        await delay(2);
      }
      ledger.end(call);
      response.end();
      return;
    }
    ledger.end(call);
    reply(response, 200, body, headers);
  }

  function drop(response: ServerResponse, call: LedgerCall): void {
    ledger.end(call);
    response.socket?.resetAndDestroy();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    ledger,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function reply(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
