import { UsageError } from '../../errors.js';
import type { MetricsFlags } from '../progress/metrics.js';
import type { BatchFlags } from './batch.js';

/** What every command takes that streams records. */
export interface StreamFlags extends MetricsFlags, Pick<BatchFlags, 'batch'> {
  onBadLine: 'reject' | 'stop';
  maxLineBytes?: number;
  limit?: number;
  output?: string;
  rejects?: string;
  maxRejects?: number;
  resume?: 'auto' | 'always' | 'never';
  retryRejects?: boolean;
  unordered?: boolean;
  jsonProgress?: boolean;
}

/** What every command on records tells its operators. */
export interface RecordFlags {
  concurrency: number;
  ordered?: boolean;
  unordered?: boolean;
  overwrite?: boolean;
  provenance: boolean;
}

/** The flags of a command as its operator's options: without those that are the command's own. */
export function operatorOptions<F extends StreamFlags & RecordFlags>(flags: F) {
  const {
    onBadLine,
    maxLineBytes,
    limit,
    output,
    rejects,
    maxRejects,
    resume,
    retryRejects,
    ordered,
    unordered,
    jsonProgress,
    metricsPort,
    metricsHost,
    ...options
  } = flags;
  if (ordered && unordered) throw new UsageError('--ordered and --unordered exclude each other');
  return { ...options, ordered: unordered !== true };
}
