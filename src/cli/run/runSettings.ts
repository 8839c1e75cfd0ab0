import path from 'node:path';
import type { RunSettings } from '../../pipeline/runStore.js';
import type { Bm25Index } from '../../search/bm25Index.js';

/** Flags that say how a run is done, where or how far, and not what becomes of a record. */
const incidental = new Set([
  ...['output', 'rejects', 'maxRejects', 'limit', 'onBadLine', 'maxLineBytes', 'resume', 'retryRejects', 'stats'],
  ...['jsonProgress', 'metricsPort', 'metricsHost'],
  ...['concurrency', 'adaptiveConcurrency', 'window', 'threads', 'requestsPerMinute', 'tokensPerMinute'],
  ...['attemptTimeoutMs', 'stream', 'batch', 'batchRequests', 'batchPollSeconds'],
  ...['baseUrl', 'apiKeyEnv', 'cache', 'budgetUsd', 'budgetTokens', 'prices', 'config', 'logFile'],
  // Told in another form: the inputs by their paths, prompts by their versions, the order by `ordered`, the index by `index`.
  ...['promptFile', 'doc2queryPromptFile', 'reasonDistillPromptFile', 'unordered', 'index', 'corpus', 'queries'],
]);

export interface RunShape {
  command: string;
  /** What the flags do not tell: the versions of prompts, the index. */
  [setting: string]: unknown;
}

/** All that shapes the records of a run. A flag that is not known to be incidental counts. */
export function settingsOf(
  { command, ...shape }: RunShape,
  inputs: string[],
  flags: { unordered?: boolean },
): RunSettings {
  const shaping = Object.entries(flags).filter(([flag]) => !incidental.has(flag));
  return {
    command,
    input: inputs.map((input) => (input === '-' ? input : path.resolve(input))),
    ordered: flags.unordered !== true,
    ...shape,
    ...Object.fromEntries(shaping),
  };
}

/** What tells an index from one of other texts, and not from the same one built again. */
export function indexIdentity({ manifest }: Bm25Index) {
  const { analyzer, k1, b, docCount, sumDocLength } = manifest;
  return { docs: docCount, terms: sumDocLength, analyzer, k1, b };
}
