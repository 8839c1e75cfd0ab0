import type { TestContext } from 'node:test';
import { type StandIn, startStandIn } from '../../src/standIn/http/server.js';
import type { StandInOptions } from '../../src/standIn/options.js';

/** Returns a chat request about the i-th of many records. */
export const about = (i: number, more: object = {}) => ({
  model: 'm',
  messages: [
    { role: 'system', content: 'Answer as JSON: {"hard_query": …}' },
    { role: 'user', content: `<document>Glaciers carve valleys, document ${i}.</document>` },
  ],
  ...more,
});

/** Sends a request as it is, without a client that would interpret the answer. */
export function post(server: StandIn, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const [address, query] = server.baseUrl.split('?');
  return fetch(`${address}/chat/completions${query === undefined ? '' : `?${query}`}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
}

/** Starts a stand-in that is closed when the test ends. */
export async function standInFor(t: TestContext, options: StandInOptions = {}): Promise<StandIn> {
  const server = await startStandIn(options);
  t.after(() => server.close());
  return server;
}

export interface ChatAnswer {
  choices: { message: Record<string, unknown> & { content: string }; finish_reason: string }[];
  usage: Record<string, unknown> & { prompt_tokens: number; completion_tokens: number };
}
