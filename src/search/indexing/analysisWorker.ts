import { parentPort, workerData } from 'node:worker_threads';
import { analyzerNamed } from '../analysis/registry.js';
import { BatchAnalyzer } from './batchAnalyzer.js';

// The program of an analysis thread: texts in, their postings out, in order.
const analysisPort = parentPort;
if (analysisPort === null) throw new Error('analysisWorker runs in a worker thread');
const analyzer = new BatchAnalyzer(analyzerNamed(workerData as string));

analysisPort.on('message', (texts: string[]) => {
  const batch = analyzer.analyze(texts);
  analysisPort.postMessage(batch, [batch.lengths.buffer, batch.ends.buffer, batch.terms.buffer, batch.tfs.buffer]);
});
