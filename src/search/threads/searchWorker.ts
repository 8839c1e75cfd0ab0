import { parentPort, workerData } from 'node:worker_threads';
import { RareflowError } from '../../errors.js';
import { analyzerNamed } from '../analysis/registry.js';
import { openManifestSegments } from '../format/openSegments.js';
import { Bm25 } from '../scoring/bm25.js';
import { QueryScorer } from '../scoring/queryScorer.js';
import { TextSimilarity } from '../scoring/textSimilarity.js';
import type { CompareTask, SearchReply, SearchTask, SearchWorkerData } from './searchPool.js';

// The program of a search thread: it opens the index and replies to one task after the other.
const searchPort = parentPort;
if (searchPort === null) throw new Error('searchWorker runs in a worker thread');
const { path, manifest, cacheMb } = workerData as SearchWorkerData;
const { segments, close } = await openManifestSegments(path, manifest);
const bm25 = new Bm25(segments, manifest);
const scorer = new QueryScorer(segments, bm25, cacheMb);

let weights: TextSimilarity | undefined;

function compareTexts({ text, documents }: CompareTask): number[] {
  weights ??= new TextSimilarity({ analyzer: analyzerNamed(manifest.analyzer), bm25, segments });
  return weights.cosines(text, documents);
}

function answer(task: SearchTask | CompareTask): SearchReply {
  try {
    return { found: 'tokens' in task ? scorer.search(task.tokens, task.k, task.weighting) : compareTexts(task) };
  } catch (error) {
    const hint = error instanceof RareflowError ? error.hint : undefined;
    return { message: error instanceof Error ? error.message : String(error), hint };
  }
}

searchPort.on('message', async (task: SearchTask | CompareTask | 'close') => {
  if (task !== 'close') return searchPort.postMessage(answer(task));
  close();
  searchPort.close();
});
searchPort.postMessage('ready');
