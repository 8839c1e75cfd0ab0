import { setMaxListeners } from 'node:events';
import { ModelError } from '../../../errors.js';
import { untilAborted } from '../../../util/abort.js';
import { type OptionsOf, withDefaults } from '../../../util/options.js';
import type { ChatRequest, Completion } from '../../chatModel.js';
import { AttemptError } from '../../failures/attemptError.js';
import { classify } from '../../failures/classify.js';
import { systemClock } from '../../limits/clock.js';
import { batchOptions, type environmentOptions, healthOptions } from '../../options.js';
import { parseBaseUrl } from '../baseUrl.js';
import type { OpenaiModel, OpenaiModelOptions } from '../openaiModel.js';
import { proxyFor } from '../proxy.js';
import { type AnswerSource, readCompletion } from '../readCompletion.js';
import type { ChatCompletionBody } from '../requestBody.js';
import { ServerCapabilities } from '../serverCapabilities.js';
import { type BatchApi, type BatchState, batchApi } from './batchApi.js';
import type { BatchJournal, OpenBatch } from './batchJournal.js';
import { type BatchOutcome, readOutcome, requestId, requestLine } from './batchLines.js';

export interface BatchModelOptions
  extends Omit<OptionsOf<typeof batchOptions>, 'batch'>,
    Pick<OptionsOf<typeof healthOptions>, 'deadAfterMs'>,
    Pick<OptionsOf<typeof environmentOptions>, 'clock'> {
  /** The folder of its journal, from which a later process continues. */
  journalPath: string;
}

interface OutcomeListener {
  resolve: (outcome: BatchOutcome) => void;
  reject: (error: unknown) => void;
}

const OUTCOMES_PER_GROUP = 500;
const finalStatuses = new Set<BatchState['status']>(['failed', 'completed', 'expired', 'cancelled']);

/**
 * Makes a model behind a provider's Batch API: requests are collected, sent as a file, and answered within a day at a lower
 * price. As many calls must be in progress at once as a batch is to hold. It makes one attempt a call: a request that a
 * batch did not answer is an AttemptError, for `retry` to send again. A call whose request is in a batch that an earlier
 * process sent waits for that one.
 *
 * `close` sends no further batch and rejects all waiting calls: the batches that run continue, for a later process to
 * collect. No batch is paid for twice: the upload is written to the journal before the batch is begun from it, so after a
 * process that died in between, the next finds the batch in the provider's list.
 */
export function batchModel(options: OpenaiModelOptions & BatchModelOptions): OpenaiModel {
  const { model, baseUrl = 'https://api.openai.com/v1', apiKey, onNotice } = options;
  const headers = { ...options.headers, ...options.secretHeaders };
  const { batchRequests, batchBytes, batchIdleMs, batchPollMs } = withDefaults(batchOptions, options);
  const { deadAfterMs } = withDefaults(healthOptions, options);
  const { clock = systemClock } = options;
  const proxy = URL.canParse(baseUrl) ? proxyFor(new URL(baseUrl), options.proxy ?? {}) : undefined;
  const server = parseBaseUrl(baseUrl, apiKey, headers, { ...options.secretHeaders, ...proxy?.secrets });
  const { host } = server;
  const capabilities = new ServerCapabilities(server, { ...options, stream: false, canStream: false });
  const closed = new AbortController();
  setMaxListeners(0, closed.signal); // each request of the client listens
  const api = batchApi({ server, headers, proxy, keyName: options.keyName, signal: closed.signal });
  const listeners = new Map<string, OutcomeListener[]>();
  let journal: Promise<BatchJournal> | undefined;
  let queue: { id: string; line: string }[] = [];
  let queuedBytes = 0;
  let idleTimer: NodeJS.Timeout | undefined;

  /** Opens the journal, and resumes the batches that an earlier process left. */
  const openJournal = async (): Promise<BatchJournal> => {
    const { BatchJournal } = await import('./batchJournal.js');
    const log = new BatchJournal(options.journalPath);
    const left = log.open();
    if (left.length > 0) onNotice?.(`${host}: resuming ${left.length} batches of an earlier run`);
    for (const batch of left) rejectAllOnFailure(resume(log, batch));
    return log;
  };

  const opened = (): Promise<BatchJournal> => {
    journal ??= openJournal();
    return journal;
  };

  /** Calls the API until it answers. Throws ModelError if it never will. */
  const insist = async <T>(action: () => Promise<T>): Promise<T> => {
    const began = clock.now();
    for (let failures = 0; ; failures++) {
      closed.signal.throwIfAborted();
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        const verdict = classify(error);
        const isTransient = ['retry', 'hold', 'away', 'wait'].includes(verdict.action);
        if (!isTransient || clock.now() - began > deadAfterMs) {
          const hint = 'hint' in verdict ? verdict.hint : 'run again to resume; what was sent is not sent twice';
          throw new ModelError(`the Batch API: ${verdict.reason}`, { hint, cause: error });
        }
        const asked = 'forMs' in verdict ? verdict.forMs : 'afterMs' in verdict ? verdict.afterMs : undefined;
        await clock.sleep(asked ?? Math.min(1000 * 2 ** failures, 60_000), closed.signal);
      }
    }
  };

  /** Rejects all waiting calls if a batch fails in a way that asking again does not fix. */
  const rejectAllOnFailure = (work: Promise<void>): void => {
    work.catch((error: unknown) => {
      for (const list of listeners.values()) for (const { reject } of list) reject(error);
      listeners.clear();
    });
  };

  const deliver = (outcome: BatchOutcome): void => {
    for (const { resolve } of listeners.get(outcome.id) ?? []) resolve(outcome);
    listeners.delete(outcome.id);
  };

  const flush = (): void => {
    clearTimeout(idleTimer);
    if (queue.length === 0) return;
    const requests = queue;
    queue = [];
    queuedBytes = 0;
    rejectAllOnFailure(opened().then((log) => send(log, requests)));
  };

  const send = async (log: BatchJournal, requests: typeof queue): Promise<void> => {
    const batch = log.begin(requests.map(({ id }) => id));
    batch.fileId = await insist(() => api.upload(requests.map(({ line }) => line).join('')));
    log.advance(batch);
    await start(log, batch);
  };

  /** Begins a batch from the uploaded file, unless it `mayRun` already: the answer to an earlier try may have been lost. */
  const start = async (log: BatchJournal, batch: OpenBatch, mayRun = false): Promise<void> => {
    let lost = mayRun;
    const begun = await insist(async () => {
      const found = lost ? (await api.recent()).find(({ inputFileId }) => inputFileId === batch.fileId) : undefined;
      lost = true;
      return found ?? (await api.create(batch.fileId as string));
    });
    batch.batchId = begun.id;
    log.advance(batch);
    onNotice?.(server.redact(`${host}: batch ${begun.id} started with ${batch.ids.length} requests`));
    await collect(log, batch);
  };

  const resume = async (log: BatchJournal, batch: OpenBatch): Promise<void> => {
    if (batch.fileId === undefined) release(log, batch);
    else if (batch.batchId === undefined) await start(log, batch, true);
    else await collect(log, batch);
  };

  /** Waits for the end of a batch and delivers the outcomes of its requests. */
  const collect = async (log: BatchJournal, batch: OpenBatch): Promise<void> => {
    for (;;) {
      const state = await insist(() => api.get(batch.batchId as string));
      if (finalStatuses.has(state.status)) {
        const answered = await gather(log, state);
        const outcome = `${state.status}, ${answered} of ${batch.ids.length} requests came back`;
        onNotice?.(server.redact(`${host}: batch ${state.id} ${outcome}`));
        release(log, batch, state.failure);
        return;
      }
      await clock.sleep(batchPollMs, closed.signal);
    }
  };

  /** Reads both result files; resolves to the number of requests in them. */
  const gather = async (log: BatchJournal, { outputFileId, errorFileId }: BatchState): Promise<number> => {
    let count = 0;
    for (const fileId of [outputFileId, errorFileId]) {
      if (fileId === undefined) continue;
      // A file that breaks off is read again from its start, without the requests that were settled.
      const seen = new Set<string>();
      await insist(async () => {
        for await (const group of outcomeGroups(api, fileId, server)) {
          const fresh = group.filter(({ id }) => !seen.has(id) && seen.add(id));
          log.settle(fresh);
          for (const outcome of fresh) deliver(outcome);
        }
      });
      count += seen.size;
    }
    return count;
  };

  /** Ends a batch, and rejects the calls that it did not answer with a failure that has them sent again. */
  const release = (log: BatchJournal, batch: OpenBatch, failure?: BatchState['failure']): void => {
    log.end(batch);
    const { code = 'batch_incomplete', message = 'the batch ended without an answer to it' } = failure ?? {};
    const serverMessage = server.redact(message);
    // token_limit_exceeded: too much was queued at the provider, which is transient.
    const status = failure === undefined ? 503 : code === 'token_limit_exceeded' ? 429 : 400;
    for (const id of batch.ids) {
      if (listeners.has(id))
        deliver({ id, failure: new AttemptError('status', { host, status, code, serverMessage }) });
    }
  };

  const outcomeOf = async (
    id: string,
    body: ChatCompletionBody,
    signal: AbortSignal | undefined,
  ): Promise<BatchOutcome> => {
    const log = await opened();
    const known = log.answer(id);
    if (known !== undefined) return { id, body: known };
    let outcome: BatchOutcome | undefined;
    let failure: { error: unknown } | undefined;
    await untilAborted([signal, closed.signal], (done) => {
      const listener: OutcomeListener = {
        resolve: (value) => {
          outcome = value;
          done();
        },
        reject: (error) => {
          failure = { error };
          done();
        },
      };
      const list = listeners.get(id);
      if (list === undefined) listeners.set(id, [listener]);
      else list.push(listener);
      if (list === undefined && !log.isPending(id)) enqueue(id, requestLine(id, body));
      return () => {
        const left = (listeners.get(id) ?? []).filter((each) => each !== listener);
        if (left.length > 0) listeners.set(id, left);
        else listeners.delete(id);
      };
    });
    if (failure !== undefined) throw failure.error;
    return outcome as BatchOutcome;
  };

  const enqueue = (id: string, line: string): void => {
    const bytes = Buffer.byteLength(line);
    if (queuedBytes + bytes > batchBytes) flush();
    queue.push({ id, line });
    queuedBytes += bytes;
    clearTimeout(idleTimer);
    if (queue.length >= batchRequests) flush();
    else idleTimer = setTimeout(flush, batchIdleMs);
  };

  const complete = async (request: ChatRequest, signal: AbortSignal | undefined): Promise<Completion> => {
    signal?.throwIfAborted();
    const sent = capabilities.body(model, request);
    const outcome = await outcomeOf(requestId(host, sent, request.sample), sent, signal);
    try {
      if ('failure' in outcome) throw outcome.failure;
      const completion = readCompletion(outcome.body, request, server, model);
      capabilities.succeeded(sent, completion);
      return completion;
    } catch (error) {
      throw error instanceof AttemptError ? capabilities.learnFrom(error, request, sent) : error;
    }
  };

  return {
    name: model,
    baseUrl: server.href,
    get capabilities() {
      return { ...capabilities.current, ...capabilities.probes };
    },
    complete: (request, { signal } = {}) => complete(request, signal),
    async close() {
      clearTimeout(idleTimer);
      closed.abort(
        new ModelError('stopped while batches run', {
          hint: 'run again: they continue, and their answers are collected',
        }),
      );
      await (await journal?.catch(() => undefined))?.close();
    },
  };
}

/** Yields the outcomes of a result file, 500 at a time. */
async function* outcomeGroups(api: BatchApi, fileId: string, source: AnswerSource): AsyncGenerator<BatchOutcome[]> {
  let group: BatchOutcome[] = [];
  for await (const line of api.lines(fileId)) {
    const outcome = readOutcome(line, source);
    if (outcome !== undefined) group.push(outcome);
    if (group.length < OUTCOMES_PER_GROUP) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
