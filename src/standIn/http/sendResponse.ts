import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ResponsePlan } from '../answers/responsePlan.js';
import type { ServerProfile } from '../profiles/serverProfile.js';

export interface SendOptions {
  serviceMs: number;
  stallMs: number;
  keepAlive: ServerProfile['keepAlive'];
  /** Called once, before the last byte is sent or the connection is dropped. */
  onSent: () => void;
}

/** The share of a stream's time that passes before its first event. */
const FIRST_EVENT_SHARE = 0.2;
const KEEP_ALIVE_MS = 1000;

/** Sends a response as planned, at the planned speed. Returns early if the client has disconnected. */
export async function sendResponse(response: ServerResponse, plan: ResponsePlan, options: SendOptions): Promise<void> {
  const { serviceMs, stallMs, keepAlive, onSent } = options;
  const { status, headers, parts, gapMs, ending } = plan;
  const streams = headers['content-type'] === 'text/event-stream';
  const isEncoded = headers['content-encoding'] !== undefined;
  const sign = isEncoded ? undefined : streams ? keepAlive.stream : keepAlive.plain;
  const begin = () => response.headersSent || response.writeHead(status, headers);

  let leftMs = serviceMs * (streams ? FIRST_EVENT_SHARE : 1);
  while (leftMs > 0) {
    if (sign !== undefined && parts.length > 0) {
      begin();
      response.write(sign);
    }
    const ms = sign === undefined ? leftMs : Math.min(leftMs, KEEP_ALIVE_MS);
    if (!(await pause(response, ms))) return;
    leftMs -= ms;
  }
  if (parts.length === 0) return drop(response, onSent);
  if (ending === 'end' && (parts.length === 1 || gapMs === 0)) {
    const body = parts.length === 1 ? (parts[0] as string | Buffer) : parts.join('');
    if (!response.headersSent) response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    onSent();
    response.end(body);
    return;
  }
  begin();
  for (const [i, part] of parts.entries()) {
    if (i > 0 && gapMs > 0 && !(await pause(response, gapMs))) return;
    response.write(part);
  }
  if (ending === 'end') {
    onSent();
    response.end();
    return;
  }
  if (ending === 'silence' && !(await pause(response, stallMs))) return;
  response.write('', () => drop(response, onSent));
}

function drop(response: ServerResponse, onSent: () => void): void {
  onSent();
  response.socket?.resetAndDestroy();
}

/** Waits; resolves to false as soon as the client disconnects. */
export async function pause(response: ServerResponse, ms: number): Promise<boolean> {
  if (response.destroyed || ms <= 0) return !response.destroyed;
  const disconnected = new AbortController();
  const abort = () => disconnected.abort();
  response.once('close', abort);
  await delay(ms, undefined, { ref: false, signal: disconnected.signal }).catch(() => {});
  response.off('close', abort);
  return !disconnected.signal.aborted;
}
