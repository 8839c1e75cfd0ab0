import { isRecord } from '../../record.js';
import { chance } from '../faults/chance.js';
import type { StandInSettings } from '../options.js';
import { type ChatCompletions, readBody } from './chatCompletions.js';
import type { Ledger } from './ledger.js';

/** The response of a route: a status with JSON, or with a text. */
export interface BatchReply {
  status: number;
  body: object | string;
}

interface PlayedBatch {
  id: string;
  inputFileId: string;
  overAtMs: number;
  fails: boolean;
  done?: { outputFileId: string | null; errorFileId: string | null; answered: number; failed: number };
}

/**
 * Files and batches as in OpenAI's API. A batch is processed when its time is over: results come in another order than the
 * requests, faults are in the error file, and unanswered requests may be in neither file.
 */
export class Batches {
  readonly #files = new Map<string, string>();
  readonly #batches = new Map<string, PlayedBatch>();

  readonly #chat: ChatCompletions;
  readonly #ledger: Ledger;
  readonly #settings: StandInSettings;

  constructor(chat: ChatCompletions, ledger: Ledger, settings: StandInSettings) {
    this.#chat = chat;
    this.#ledger = ledger;
    this.#settings = settings;
  }

  /** Answers a call to `/v1/files…` or `/v1/batches…`. */
  async answer(method: string, path: string, type: string, bytes: Buffer, authorization = ''): Promise<BatchReply> {
    const { apiKey } = this.#settings;
    if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) {
      return { status: 401, body: { error: { message: 'Incorrect API key provided', code: 'invalid_api_key' } } };
    }
    const [, , kind, id = '', part] = path.split('/');
    if (kind === 'files' && method === 'POST') return await this.#upload(type, bytes);
    if (kind === 'files' && part === 'content') return this.#content(id);
    if (kind === 'batches' && method === 'POST') return this.#create(bytes);
    if (kind === 'batches' && id === '') {
      const data = [...this.#batches.values()].reverse().map((batch) => this.#describe(batch, authorization));
      return { status: 200, body: { object: 'list', data, has_more: false } };
    }
    const batch = this.#batches.get(id);
    return batch === undefined ? missing(id) : { status: 200, body: this.#describe(batch, authorization) };
  }

  async #upload(type: string, bytes: Buffer): Promise<BatchReply> {
    const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
    const file = form.get('file');
    if (typeof file === 'string' || file === null || form.get('purpose') !== 'batch')
      return invalidRequest('no file for a batch');
    const id = `file-${this.#files.size + 1}`;
    this.#files.set(id, await file.text());
    return { status: 200, body: { id, object: 'file', bytes: file.size, filename: file.name, purpose: 'batch' } };
  }

  #content(id: string): BatchReply {
    const body = this.#files.get(id);
    return body === undefined ? missing(id) : { status: 200, body };
  }

  #create(bytes: Buffer): BatchReply {
    const { batchMs, batchFailures, seed } = this.#settings;
    const { input_file_id: inputFileId } = JSON.parse(bytes.toString());
    if (!this.#files.has(inputFileId)) return missing(inputFileId);
    const id = `batch_${this.#batches.size + 1}`;
    const fails = chance(seed, id, 'batch fails') < batchFailures;
    const batch = { id, inputFileId, overAtMs: this.#ledger.now() + batchMs, fails };
    this.#batches.set(id, batch);
    return { status: 200, body: { ...this.#describe(batch), status: 'validating' } };
  }

  #describe(batch: PlayedBatch, authorization = ''): object {
    const { id, inputFileId, overAtMs, fails } = batch;
    const lines = (this.#files.get(inputFileId) ?? '').split('\n').filter(Boolean);
    const isOver = this.#ledger.now() >= overAtMs;
    if (isOver && !fails) batch.done ??= this.#process(lines, id, authorization);
    const { done } = batch;
    const status = () => {
      if (!isOver) return 'in_progress';
      if (fails) return 'failed';
      return done !== undefined && done.answered + done.failed < lines.length ? 'expired' : 'completed';
    };
    const problem = { code: 'token_limit_exceeded', message: 'Enqueued token limit reached for the model.' };
    return {
      id,
      object: 'batch',
      endpoint: '/v1/chat/completions',
      input_file_id: inputFileId,
      completion_window: '24h',
      status: status(),
      output_file_id: done?.outputFileId ?? null,
      error_file_id: done?.errorFileId ?? null,
      errors: isOver && fails ? { object: 'list', data: [problem] } : null,
      request_counts: { total: lines.length, completed: done?.answered ?? 0, failed: done?.failed ?? 0 },
    };
  }

  #process(lines: string[], id: string, authorization: string): NonNullable<PlayedBatch['done']> {
    const { batchUnanswered, seed } = this.#settings;
    const output: string[] = [];
    const errors: string[] = [];
    const shuffled = lines
      .map((line) => ({ line, rank: chance(seed, id, line, 'place') }))
      .sort((a, b) => a.rank - b.rank);
    for (const { line } of shuffled) {
      const request = JSON.parse(line);
      if (chance(seed, id, line, 'unanswered') < batchUnanswered) {
        const error = {
          code: 'batch_expired',
          message: 'This request could not be executed before the batch expired.',
        };
        // As at providers, half of the unanswered requests are in the error file, and the others in no file.
        if (output.length % 2 === 0) errors.push(resultLine(request.custom_id, null, error));
        continue;
      }
      const { status, body } = this.#call(JSON.stringify(request.body), authorization);
      const target = status === 200 ? output : errors;
      target.push(
        resultLine(request.custom_id, { status_code: status, request_id: `req-${output.length}`, body }, null),
      );
    }
    const keep = (kind: string, list: string[]) => {
      if (list.length === 0) return null;
      this.#files.set(`file-${kind}-${id}`, list.join(''));
      return `file-${kind}-${id}`;
    };
    const failed = errors.filter((line) => !line.includes('batch_expired')).length;
    return {
      outputFileId: keep('output', output),
      errorFileId: keep('error', errors),
      answered: output.length,
      failed,
    };
  }

  /** Answers one request, as a call in the ledger. */
  #call(text: string, authorization: string): { status: number; body: unknown } {
    const call = this.#ledger.open(authorization);
    try {
      const body = readBody(text);
      const { reply } =
        body === undefined ? { reply: { error: this.#chat.parseError() } } : this.#chat.decide(body, call);
      if ('error' in reply) {
        call.status = reply.error.status;
        return { status: reply.error.status, body: JSON.parse(reply.error.body) };
      }
      const { parts, promptTokens, completionTokens, usageReported } = reply.plan;
      const answer = valueOfJson(parts.join(''));
      const status = isRecord(answer) && answer.error === undefined ? 200 : 500;
      Object.assign(call, { promptTokens, completionTokens, told: usageReported && status === 200, status });
      return { status, body: answer ?? { error: { message: 'The server had an error', code: 'server_error' } } };
    } finally {
      this.#ledger.end(call);
    }
  }
}

function resultLine(id: string, response: object | null, error: object | null): string {
  return `${JSON.stringify({ id: `batch_req_${id}`, custom_id: id, response, error })}\n`;
}

function valueOfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function missing(id: string): BatchReply {
  return { status: 404, body: { error: { message: `No such File or Batch object: ${id}`, code: null } } };
}

function invalidRequest(message: string): BatchReply {
  return { status: 400, body: { error: { message, type: 'invalid_request_error', code: null } } };
}
