import { parentPort, workerData } from 'node:worker_threads';
import { RareflowError } from '../../errors.js';
import { analyzerNamed } from '../analysis/analyzer.js';
import { openNamed } from '../format/openSegments.js';
import { Bm25 } from '../scoring/bm25.js';
import { Scorer } from '../scoring/queryScorer.js';
import { TextWeights } from '../scoring/textSimilarity.js';
import type { CompareTask, SearchReply, SearchTask, SearchWorkerData } from './searchPool.js';

// The program of a search thread: it opens the index by itself, and answers one task after the other.
const port = parentPort;
if (port === null) throw new Error('searchWorker runs in a worker thread');
const { path, manifest, cacheMb } = workerData as SearchWorkerData;
const { segments, close } = await openNamed(path, manifest);
const bm25 = new Bm25(segments, manifest);
const scorer = new Scorer(segments, bm25, cacheMb);

let weights: TextWeights | undefined;

function compare({ text, documents }: CompareTask): number[] {
  weights ??= new TextWeights({ analyzer: analyzerNamed(manifest.analyzer), bm25, segments });
  return weights.cosines(text, documents);
}

function answer(task: SearchTask | CompareTask): SearchReply {
  try {
    return { found: 'tokens' in task ? scorer.search(task.tokens, task.k, task.weighting) : compare(task) };
  } catch (error) {
    const hint = error instanceof RareflowError ? error.hint : undefined;
    return { message: error instanceof Error ? error.message : String(error), hint };
  }
}

port.on('message', async (task: SearchTask | CompareTask | 'close') => {
  if (task !== 'close') return port.postMessage(answer(task));
  close();
  port.close();
});
port.postMessage('ready');
