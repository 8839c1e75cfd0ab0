import type { Worker } from 'node:worker_threads';
import type { Analyzer } from '../analysis/analyzer.js';
import { moduleBeside, startWorker } from '../threads/startWorker.js';
import { type AnalyzedBatch, BatchAnalyzer } from './batchAnalyzer.js';
import type { CorpusDocument } from './documents.js';

/** Documents in a row, with their postings. */
export interface AnalyzedDocuments {
  documents: CorpusDocument[];
  batch: AnalyzedBatch;
  /** The thread whose term ids are used, from 0. */
  thread: number;
}

const BATCH_DOCS = 128;
const BATCH_UNITS = 2 ** 20;
/** The number of batches that wait in a thread, so that it is never idle. */
const WAITING_PER_THREAD = 3;

/** Analyzes documents and yields them in their order; `threads` − 1 workers help the caller's thread. */
export async function* analyzeDocuments(
  source: AsyncIterable<CorpusDocument>,
  analyzer: Analyzer,
  threads: number,
): AsyncGenerator<AnalyzedDocuments> {
  const own = new BatchAnalyzer(analyzer);
  const helpers = Array.from({ length: threads - 1 }, (_, at) => new AnalysisThread(analyzer.name, at + 1));
  const queue: Pending[] = [];
  try {
    for await (const documents of inBatches(source)) {
      const texts = documents.map(({ text }) => text);
      const helper = helpers.find(({ waiting }) => waiting < WAITING_PER_THREAD);
      queue.push(
        helper
          ? helper.analyze(documents, texts)
          : { documents, thread: 0, batch: own.analyze(texts), done: undefined },
      );
      while (queue[0]?.batch || queue.length > threads * WAITING_PER_THREAD) yield await settled(queue);
    }
    while (queue.length > 0) yield await settled(queue);
  } finally {
    await Promise.all(helpers.map((helper) => helper.close()));
  }
}

interface Pending {
  documents: CorpusDocument[];
  thread: number;
  batch: AnalyzedBatch | undefined;
  /** Settles when `batch` is set. */
  done: Promise<void> | undefined;
}

async function settled(queue: Pending[]): Promise<AnalyzedDocuments> {
  const head = queue.shift() as Pending;
  await head.done;
  return { documents: head.documents, thread: head.thread, batch: head.batch as AnalyzedBatch };
}

class AnalysisThread {
  readonly #worker: Worker;
  readonly #tasks: { resolve: (batch: AnalyzedBatch) => void; reject: (error: unknown) => void }[] = [];
  #failure: unknown;

  readonly #thread: number;

  constructor(analyzer: string, thread: number) {
    this.#thread = thread;
    this.#worker = startWorker(moduleBeside(import.meta.url, 'analysisWorker'), analyzer);
    this.#worker.on('message', (batch: AnalyzedBatch) => this.#tasks.shift()?.resolve(batch));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('an analysis thread ended')));
  }

  get waiting(): number {
    return this.#tasks.length;
  }

  analyze(documents: CorpusDocument[], texts: string[]): Pending {
    const pending: Pending = { documents, thread: this.#thread, batch: undefined, done: undefined };
    pending.done = new Promise<AnalyzedBatch>((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#tasks.push({ resolve, reject });
      this.#worker.postMessage(texts);
    }).then((batch) => {
      pending.batch = batch;
    });
    // It is awaited later; until then a failure is not unhandled.
    pending.done.catch(() => {});
    return pending;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#tasks.splice(0)) reject(this.#failure);
  }
}

async function* inBatches(source: AsyncIterable<CorpusDocument>): AsyncGenerator<CorpusDocument[]> {
  let batch: CorpusDocument[] = [];
  let units = 0;
  for await (const document of source) {
    batch.push(document);
    units += document.text.length;
    if (batch.length < BATCH_DOCS && units < BATCH_UNITS) continue;
    yield batch;
    batch = [];
    units = 0;
  }
  if (batch.length > 0) yield batch;
}
