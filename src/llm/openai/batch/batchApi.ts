import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type OpenAI from 'openai';
import type { Batch } from 'openai/resources/batches';
import { AttemptError } from '../../failures/attemptError.js';
import type { BaseUrl } from '../baseUrl.js';
import { type Asked, connectionError, statusError } from '../httpErrors.js';
import { credentialOf } from '../transport.js';

/** A batch as its provider tells of it. */
export interface BatchState {
  id: string;
  /** What was uploaded for it. */
  inputFileId: string;
  status: Batch['status'];
  outputFileId?: string | undefined;
  errorFileId?: string | undefined;
  /** Requests that ended, and all. */
  ended: number;
  total: number;
  /** Why the whole batch failed. */
  failure?: { code: string; words: string } | undefined;
}

/** The provider's files and batches. Every call rejects with an AttemptError where it fails. */
export interface BatchApi {
  /** Uploads the requests, a line each; resolves to the file's id. */
  upload(lines: string): Promise<string>;
  create(inputFileId: string): Promise<BatchState>;
  get(id: string): Promise<BatchState>;
  /** The newest batches, 100 at most. */
  recent(): Promise<BatchState[]>;
  /** The lines of a result file. */
  lines(fileId: string): AsyncIterable<string>;
}

export interface BatchApiOptions {
  /** Ends the calls under way. */
  signal: AbortSignal;
  endpoint: BaseUrl;
  /** What an error calls the key. */
  keyName?: string | undefined;
  headers: Record<string, string>;
}

/** OpenAI's Batch API, by the openai client. */
export function batchApi({ endpoint, headers, signal, keyName }: BatchApiOptions): BatchApi {
  const asked: Asked = { endpoint, credential: credentialOf({ endpoint, headers, keyName }) };
  let opened: Promise<{ client: OpenAI; toFile: typeof import('openai').toFile }> | undefined;
  const open = async () => {
    const { OpenAI: Client, toFile } = await import('openai');
    const client = new Client({
      baseURL: endpoint.href,
      defaultQuery: endpoint.query,
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

  /** Node's own fetch, as it alone takes Node's own FormData. A redirect is not followed: the key goes to no other host. */
  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const all = new Headers(init.headers);
    all.delete('authorization');
    if (endpoint.authorization !== undefined) all.set('authorization', endpoint.authorization);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const response = await fetch(url, { ...init, headers: all, redirect: 'manual' }).catch((error: unknown) => {
      throw connectionError(error, asked, 0);
    });
    if (response.ok) return response;
    const told = { statusCode: response.status, headers: Object.fromEntries(response.headers) };
    throw statusError(told, await response.text(), asked);
  };

  /** The client wraps what its fetch throws; beneath is the AttemptError. */
  async function calling<T>(action: (parts: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
    try {
      opened ??= open();
      return await action(await opened);
    } catch (error) {
      signal.throwIfAborted();
      for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof AttemptError) throw at;
      const words = error instanceof Error ? endpoint.redact(error.message) : 'unknown';
      throw new AttemptError('cut-body', { host: endpoint.host, words, cause: error });
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
        stateOf(
          await client.batches.create(
            { input_file_id: inputFileId, endpoint: '/v1/chat/completions', completion_window: '24h' },
            { signal },
          ),
        ),
      ),
    get: (id) => calling(async ({ client }) => stateOf(await client.batches.retrieve(id, { signal }))),
    recent: () =>
      calling(async ({ client }) => (await client.batches.list({ limit: 100 }, { signal })).data.map(stateOf)),
    async *lines(fileId) {
      const { body } = await calling(async ({ client }) => await client.files.content(fileId, { signal }));
      if (body === null) return;
      const input = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
      let failure: unknown;
      input.on('error', (error) => {
        failure = error;
      });
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
      if (failure !== undefined) throw connectionError(failure, asked, 0);
    },
  };
}

function stateOf(batch: Batch): BatchState {
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
    failure: problem && { code: problem.code ?? '', words: problem.message ?? 'no reason told' },
  };
}
