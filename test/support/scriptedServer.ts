import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createModel, type ModelOptions, type RareflowModel } from '../../src/llm/createModel.js';

export interface Reply {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is, a list of strings piece by piece. */
  body: object | string | string[];
  /** The pause before each piece after the first, in milliseconds (0). */
  pauseMs?: number;
}

/** The body of a request that the server received. */
export type Sent = Record<string, unknown> & { messages: { role: string; content: string }[] };

/** An unstreamed answer. */
export const completion = (content: string | null, message: object = {}, choice: object = {}) => ({
  model: 'served-1',
  choices: [{ message: { role: 'assistant', content, ...message }, finish_reason: 'stop', ...choice }],
  usage: { prompt_tokens: 10, completion_tokens: 5 },
});

export const refusal = (status: number, message: string, more: object = {}): Reply => ({
  status,
  body: { error: { message, type: 'invalid_request_error', param: null, code: null, ...more } },
});

/**
 * Runs a test with a server that answers from a script, for what the stand-in does not do, and a model that asks it with
 * short pauses. `sent` holds the requests so far, and `notices` the notices for the user.
 */
export async function withScript(
  script: (sent: Sent, call: number) => Reply,
  options: Partial<ModelOptions>,
  body: (parts: { model: RareflowModel; sent: Sent[]; notices: string[]; host: string }) => Promise<void>,
): Promise<void> {
  const sent: Sent[] = [];
  const notices: string[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const parsed = JSON.parse(text) as Sent;
    const reply = script(parsed, sent.push(parsed) - 1);
    const pieces = Array.isArray(reply.body) ? reply.body : [reply.body];
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, reply.pauseMs ?? 0));
      response.write(typeof piece === 'string' ? piece : JSON.stringify(piece));
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const model = createModel({
    model: 'm',
    baseUrl: `http://${host}/v1`,
    baseDelayMs: 1,
    firstHoldMs: 5,
    loadingDelayMs: 5,
    probeDelayMs: 5,
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
  try {
    await body({ model, sent, notices, host });
  } finally {
    await model.close();
    server.closeAllConnections();
    server.close();
  }
}
