import { setMaxListeners } from 'node:events';
import { ModelError } from '../../../errors.js';
import { untilAborted } from '../../../util/abort.js';
import { requireWholeNumber } from '../../../util/check.js';
import type { ChatRequest, Completion } from '../../chatModel.js';
import { AttemptError } from '../../failures/attemptError.js';
import { classify } from '../../failures/classify.js';
import { type Clock, systemClock } from '../../limits/clock.js';
import { parseBaseUrl } from '../baseUrl.js';
import { learnFrom } from '../learnFrom.js';
import type { OpenaiModel, OpenaiModelOptions } from '../openaiModel.js';
import { type Answerer, readCompletion } from '../readCompletion.js';
import { type ChatBody, Profile } from '../serverCapabilities.js';
import { type BatchApi, type BatchState, batchApi } from './batchApi.js';
import { BatchJournal, type OpenBatch } from './batchJournal.js';
import { type BatchOutcome, readOutcome, requestId, requestLine } from './batchLines.js';

export interface BatchOptions {
  /** The folder of its journal, which a later process goes on from. */
  journalPath: string;
  /** The most requests in a batch (10,000; providers take 50,000 at most). */
  batchRequests?: number | undefined;
  /** The most bytes of requests in a batch (100,000,000; providers take 200 MB at most). */
  batchBytes?: number | undefined;
  /** A batch that is not full is sent when nothing was asked for so long, in milliseconds (3,000). */
  batchIdleMs?: number | undefined;
  /** How often the provider is asked how far its batches are, in milliseconds (20,000). */
  batchPollMs?: number | undefined;
  /** How long passing faults of the Batch API itself are borne, in milliseconds (1,800,000). */
  deadAfterMs?: number | undefined;
  clock?: Clock | undefined;
}

interface Waiter {
  resolve: (outcome: BatchOutcome) => void;
  reject: (error: unknown) => void;
}

const over = new Set<BatchState['status']>(['failed', 'completed', 'expired', 'cancelled']);

/**
 * A model behind a provider's Batch API: requests are gathered, sent as a file, and answered within a day at a lower price.
 * As many calls must be under way at once as a batch is to hold. One attempt a call: what a batch did not answer is an
 * AttemptError, for `retry` to send again. A call whose request is in a batch that an earlier process sent waits for that
 * one.
 *
 * `close` sends no further batch and turns away all who wait: the batches that run go on, for a later process to collect.
 * No batch is paid twice: what was uploaded is written down before the batch is begun from it, so a process that died in
 * between finds the batch in the provider's list.
 */
export function batchModel(options: OpenaiModelOptions & BatchOptions): OpenaiModel {
  const { model, baseUrl = 'https://api.openai.com/v1', apiKey, headers = {}, onNotice } = options;
  const { batchRequests = 10_000, batchBytes = 100_000_000, batchIdleMs = 3000, batchPollMs = 20_000 } = options;
  const { deadAfterMs = 1_800_000, clock = systemClock } = options;
  requireWholeNumber('batchRequests', batchRequests);
  const endpoint = parseBaseUrl(baseUrl, apiKey, Object.values(headers));
  const { host } = endpoint;
  const profile = new Profile(endpoint.hostname, { ...options, stream: false });
  const closed = new AbortController();
  setMaxListeners(0, closed.signal); // each request of the client listens
  const api = batchApi({ endpoint, headers, keyName: options.keyName, signal: closed.signal });
  const waiters = new Map<string, Waiter[]>();
  let journal: BatchJournal | undefined;
  let queue: { id: string; line: string }[] = [];
  let queuedBytes = 0;
  let idle: NodeJS.Timeout | undefined;

  /** Opens the journal, and goes on with the batches that an earlier process left. */
  const opened = (): BatchJournal => {
    if (journal !== undefined) return journal;
    journal = new BatchJournal(options.journalPath);
    const left = journal.open();
    if (left.length > 0) onNotice?.(`${host}: going on with ${left.length} batches of an earlier run`);
    for (const batch of left) follow(resume(journal, batch));
    return journal;
  };

  /** Asks the API until it answers. Throws ModelError where it never will. */
  const insist = async <T>(action: () => Promise<T>): Promise<T> => {
    const began = clock.now();
    for (let failures = 0; ; failures++) {
      closed.signal.throwIfAborted();
      try {
        return await action();
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        const verdict = classify(error);
        const passes = verdict.action === 'retry' || verdict.action === 'hold' || verdict.action === 'wait';
        if (!passes || clock.now() - began > deadAfterMs) {
          const hint = 'hint' in verdict ? verdict.hint : 'run again to go on; what was sent is not sent twice';
          throw new ModelError(`the Batch API: ${verdict.reason}`, { hint, cause: error });
        }
        const asked = 'forMs' in verdict ? verdict.forMs : 'afterMs' in verdict ? verdict.afterMs : undefined;
        await clock.sleep(asked ?? Math.min(1000 * 2 ** failures, 60_000), closed.signal);
      }
    }
  };

  /** A batch fails all who wait for it where something goes wrong that asking again does not mend. */
  const follow = (work: Promise<void>): void => {
    work.catch((error: unknown) => {
      for (const list of waiters.values()) for (const { reject } of list) reject(error);
      waiters.clear();
    });
  };

  const deliver = (outcome: BatchOutcome): void => {
    for (const { resolve } of waiters.get(outcome.id) ?? []) resolve(outcome);
    waiters.delete(outcome.id);
  };

  const flush = (): void => {
    clearTimeout(idle);
    if (queue.length === 0) return;
    const requests = queue;
    queue = [];
    queuedBytes = 0;
    follow(send(opened(), requests));
  };

  const send = async (log: BatchJournal, requests: typeof queue): Promise<void> => {
    const batch = log.begin(requests.map(({ id }) => id));
    batch.fileId = await insist(() => api.upload(requests.map(({ line }) => line).join('')));
    log.advance(batch);
    await start(log, batch);
  };

  /** Begins a batch of what was uploaded, unless it `mayRun`: the answer to an earlier try may have been lost. */
  const start = async (log: BatchJournal, batch: OpenBatch, mayRun = false): Promise<void> => {
    let lost = mayRun;
    const begun = await insist(async () => {
      const found = lost ? (await api.recent()).find(({ inputFileId }) => inputFileId === batch.fileId) : undefined;
      lost = true;
      return found ?? (await api.create(batch.fileId as string));
    });
    batch.batchId = begun.id;
    log.advance(batch);
    onNotice?.(`${host}: batch ${begun.id} begun, ${batch.ids.length} requests`);
    await collect(log, batch);
  };

  const resume = async (log: BatchJournal, batch: OpenBatch): Promise<void> => {
    if (batch.fileId === undefined) release(log, batch);
    else if (batch.batchId === undefined) await start(log, batch, true);
    else await collect(log, batch);
  };

  /** Waits for the end of a batch and hands out what became of its requests. */
  const collect = async (log: BatchJournal, batch: OpenBatch): Promise<void> => {
    for (;;) {
      const state = await insist(() => api.get(batch.batchId as string));
      if (over.has(state.status)) {
        const answered = await gather(log, state);
        onNotice?.(`${host}: batch ${state.id} ${state.status}, ${answered} of ${batch.ids.length} requests came back`);
        release(log, batch, state.failure);
        return;
      }
      await clock.sleep(batchPollMs, closed.signal);
    }
  };

  /** Reads both result files; resolves to the number of requests that they tell of. */
  const gather = async (log: BatchJournal, { outputFileId, errorFileId }: BatchState): Promise<number> => {
    let told = 0;
    for (const fileId of [outputFileId, errorFileId]) {
      if (fileId === undefined) continue;
      // A file that breaks off is read again from its start: what was settled stays so.
      const seen = new Set<string>();
      await insist(async () => {
        for await (const group of groups(api, fileId, endpoint)) {
          const fresh = group.filter(({ id }) => !seen.has(id) && seen.add(id));
          log.settle(fresh);
          for (const outcome of fresh) deliver(outcome);
        }
      });
      told += seen.size;
    }
    return told;
  };

  /** What a batch that is over did not answer is sent again by those who wait for it. */
  const release = (log: BatchJournal, batch: OpenBatch, failure?: BatchState['failure']): void => {
    log.end(batch);
    const { code = 'batch_incomplete', words: told = 'the batch ended without an answer to it' } = failure ?? {};
    const words = endpoint.redact(told);
    // Too much was queued at the provider: that passes.
    const status = failure === undefined ? 503 : code === 'token_limit_exceeded' ? 429 : 400;
    for (const id of batch.ids) {
      if (waiters.has(id)) deliver({ id, failure: new AttemptError('status', { host, status, code, words }) });
    }
  };

  const outcomeOf = async (id: string, body: ChatBody, signal: AbortSignal | undefined): Promise<BatchOutcome> => {
    const log = opened();
    const known = log.answer(id);
    if (known !== undefined) return { id, body: known };
    let outcome: BatchOutcome | undefined;
    let failure: { error: unknown } | undefined;
    await untilAborted([signal, closed.signal], (done) => {
      const waiter: Waiter = {
        resolve: (value) => {
          outcome = value;
          done();
        },
        reject: (error) => {
          failure = { error };
          done();
        },
      };
      const list = waiters.get(id);
      if (list === undefined) waiters.set(id, [waiter]);
      else list.push(waiter);
      if (list === undefined && !log.isPending(id)) enqueue(id, requestLine(id, body));
      return () => {
        const left = (waiters.get(id) ?? []).filter((each) => each !== waiter);
        if (left.length > 0) waiters.set(id, left);
        else waiters.delete(id);
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
    clearTimeout(idle);
    if (queue.length >= batchRequests) flush();
    else idle = setTimeout(flush, batchIdleMs);
  };

  const complete = async (request: ChatRequest, signal: AbortSignal | undefined): Promise<Completion> => {
    signal?.throwIfAborted();
    const sent = profile.body(model, request);
    const outcome = await outcomeOf(requestId(host, sent, request.sample), sent, signal);
    try {
      if ('failure' in outcome) throw outcome.failure;
      return readCompletion(outcome.body, request, endpoint, model);
    } catch (error) {
      throw error instanceof AttemptError ? learnFrom(error, { profile, request, sent, onNotice }) : error;
    }
  };

  return {
    name: model,
    baseUrl: endpoint.href,
    complete: (request, { signal } = {}) => complete(request, signal),
    async close() {
      clearTimeout(idle);
      closed.abort(
        new ModelError('stopped while batches run', {
          hint: 'run again: they go on, and what they bring is collected',
        }),
      );
      await journal?.close();
    },
  };
}

/** The outcomes of a result file, some hundred at a time. */
async function* groups(api: BatchApi, fileId: string, endpoint: Answerer): AsyncGenerator<BatchOutcome[]> {
  let group: BatchOutcome[] = [];
  for await (const line of api.lines(fileId)) {
    const outcome = readOutcome(line, endpoint);
    if (outcome !== undefined) group.push(outcome);
    if (group.length < 500) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
