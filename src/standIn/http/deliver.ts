import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '../faults/plan.js';
import type { Profile } from '../profiles/profile.js';

export interface DeliveryOptions {
  serviceMs: number;
  stallMs: number;
  keepAlive: Profile['keepAlive'];
  /** Called once, before the last byte goes out or the connection is dropped. */
  onSent: () => void;
}

/** How much of a stream's time passes before its first event. */
const firstShare = 0.2;
const keepAliveEveryMs = 1000;

/** Sends what the plan says, as slowly as it says. Returns early where the client has gone. */
export async function deliver(response: ServerResponse, plan: Plan, options: DeliveryOptions): Promise<void> {
  const { serviceMs, stallMs, keepAlive, onSent } = options;
  const { status, headers, parts, gapMs, ending } = plan;
  const streams = headers['content-type'] === 'text/event-stream';
  const sign = streams ? keepAlive.stream : keepAlive.plain;
  const begin = () => response.headersSent || response.writeHead(status, headers);

  let leftMs = serviceMs * (streams ? firstShare : 1);
  while (leftMs > 0) {
    if (sign !== undefined && parts.length > 0) {
      begin();
      response.write(sign);
    }
    const ms = sign === undefined ? leftMs : Math.min(leftMs, keepAliveEveryMs);
    if (!(await pause(response, ms))) return;
    leftMs -= ms;
  }
  if (parts.length === 0) return drop(response, onSent);
  if (ending === 'end' && (parts.length === 1 || gapMs === 0)) {
    const body = parts.join('');
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

/** Waits; resolves to false as soon as the client has gone. */
export async function pause(response: ServerResponse, ms: number): Promise<boolean> {
  if (response.destroyed || ms <= 0) return !response.destroyed;
  const gone = new AbortController();
  const abort = () => gone.abort();
  response.once('close', abort);
  await delay(ms, undefined, { ref: false, signal: gone.signal }).catch(() => {});
  response.off('close', abort);
  return !gone.signal.aborted;
}
