import type OpenAI from 'openai';
import type { Batch } from 'openai/resources/batches';
import type { ProxyAgent } from 'undici';
import { AttemptError } from '../../failures/attemptError.js';
import type { BaseUrl } from '../baseUrl.js';
import { bodyLines, MAX_BODY_BYTES, readBodyText } from '../body.js';
import { connectionError, type RequestTarget, statusError } from '../httpErrors.js';
import type { ServerProxy } from '../proxy.js';
import { credentialOf } from '../transport.js';

/** A batch, as its provider reports it. */
export interface BatchState {
  id: string;
  /** The id of the uploaded file. */
  inputFileId: string;
  status: Batch['status'];
  outputFileId?: string | undefined;
  errorFileId?: string | undefined;
  /** The number of requests that ended, and of all. */
  ended: number;
  total: number;
  /** The reason that the whole batch failed. */
  failure?: { code: string; message: string } | undefined;
}

/** A provider's files and batches. Every call that fails rejects with an AttemptError. */
export interface BatchApi {
  /** Uploads requests, one a line; resolves to the file's id. */
  upload(lines: string): Promise<string>;
  create(inputFileId: string): Promise<BatchState>;
  get(id: string): Promise<BatchState>;
  /** Resolves to the newest batches, at most 100. */
  recent(): Promise<BatchState[]>;
  /** Yields the lines of a result file. */
  lines(fileId: string): AsyncIterable<string>;
}

export interface BatchApiOptions {
  /** Ends the calls in progress. */
  signal: AbortSignal;
  server: BaseUrl;
  /** The name of what holds the key, for messages. */
  keyName?: string | undefined;
  headers: Record<string, string>;
  /** The proxy that requests go through, if not directly. */
  proxy?: ServerProxy | undefined;
}

/** Connects to OpenAI's Batch API with the openai client. */
export function batchApi({ server, headers, signal, keyName, proxy }: BatchApiOptions): BatchApi {
  const target: RequestTarget = { server, credential: credentialOf({ server, headers, keyName }) };
  let dispatcher: Promise<ProxyAgent> | undefined;
  let opened: Promise<{ client: OpenAI; toFile: typeof import('../client.js').toFile }> | undefined;
  const open = async () => {
    const { OpenAI: Client, toFile } = await import('../client.js');
    const client = new Client({
      baseURL: server.href,
      defaultQuery: Object.fromEntries(new URLSearchParams(server.search)),
      apiKey: 'the fetch below replaces it',
      adminAPIKey: null,
      organization: null,
      project: null,
      maxRetries: 0,
      logLevel: 'off',
      fetch: (input, init) => send(String(input), init),
    });
    return { client, toFile };
  };

  /** Sends with Node's own fetch, since only that accepts Node's own FormData. It follows no redirect: the key goes to no other host. */
  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const all = new Headers(init.headers);
    all.delete('authorization');
    if (server.authorization !== undefined) all.set('authorization', server.authorization);
    if (server.azureKey !== undefined) all.set('api-key', server.azureKey);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const lost = (error: unknown) => {
      throw connectionError(error, target, 0);
    };
    dispatcher ??= proxy === undefined ? undefined : openProxy(proxy);
    const settings = { ...init, headers: all, redirect: 'manual' as const, dispatcher: await dispatcher };
    const response = await fetch(url, settings as unknown as RequestInit).catch(lost);
    // A result file is of any length and read line by line; no other answer needs more than 16 MiB.
    if (response.ok && new URL(url).pathname.endsWith('/content')) return response;
    const text = response.body === null ? '' : await readBodyText(response.body, server.host).catch(lost);
    if (response.ok) return new Response(text, { headers: { 'content-type': 'application/json' } });
    const head = { statusCode: response.status, headers: Object.fromEntries(response.headers) };
    throw statusError(head, text, target);
  };

  /** Runs a call of the client. It wraps what its fetch throws; the AttemptError is among the causes. */
  async function calling<T>(action: (parts: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
    try {
      opened ??= open();
      return await action(await opened);
    } catch (error) {
      signal.throwIfAborted();
      for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof AttemptError) throw at;
      const serverMessage = error instanceof Error ? server.redact(error.message) : 'unknown';
      throw new AttemptError('cut-body', { host: server.host, serverMessage, cause: error });
    }
  }

  return {
    upload: (lines) =>
      calling(async ({ client, toFile }) => {
        const file = await toFile(Buffer.from(lines), 'rareflow.jsonl', { type: 'application/jsonl' });
        return (await client.files.create({ file, purpose: 'batch' }, { signal })).id;
      }),
    create: (inputFileId) =>
      calling(async ({ client }) =>
        batchStateOf(
          await client.batches.create(
            { input_file_id: inputFileId, endpoint: '/v1/chat/completions', completion_window: '24h' },
            { signal },
          ),
        ),
      ),
    get: (id) => calling(async ({ client }) => batchStateOf(await client.batches.retrieve(id, { signal }))),
    recent: () =>
      calling(async ({ client }) => (await client.batches.list({ limit: 100 }, { signal })).data.map(batchStateOf)),
    async *lines(fileId) {
      const { body } = await calling(async ({ client }) => await client.files.content(fileId, { signal }));
      if (body === null) return;
      try {
        for await (const lines of bodyLines(body, MAX_BODY_BYTES)) yield* lines;
      } catch (error) {
        throw connectionError(error, target, 0);
      }
    },
  };
}

/** Connects to a proxy, for Node's own fetch. */
async function openProxy({ origin, authorization }: ServerProxy): Promise<ProxyAgent> {
  const { ProxyAgent: UndiciProxyAgent } = await import('undici');
  return new UndiciProxyAgent({ uri: origin, proxyTunnel: false, ...(authorization && { token: authorization }) });
}

function batchStateOf(batch: Batch): BatchState {
  const { completed = 0, failed = 0, total = 0 } = batch.request_counts ?? {};
  const problem = batch.errors?.data?.[0];
  return {
    id: batch.id,
    inputFileId: batch.input_file_id,
    status: batch.status,
    outputFileId: batch.output_file_id ?? undefined,
    errorFileId: batch.error_file_id ?? undefined,
    ended: completed + failed,
    total,
    failure: problem && { code: problem.code ?? '', message: problem.message ?? 'no reason given' },
  };
}
