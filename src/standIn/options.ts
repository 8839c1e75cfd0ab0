import { UsageError } from '../errors.js';
import type { ChatMessage } from '../llm/chatModel.js';
import { requireWholeNumber } from '../util/check.js';
import { nearest } from './answers/nearest.js';
import { checkFaults, type FaultName, type FaultRates } from './faults/faults.js';
import type { BatchPlayOptions } from './http/batches.js';
import type { LedgerOptions } from './http/ledger.js';
import type { RateLimitOptions } from './http/rateLimits.js';
import { type ProfileName, profileNames } from './profiles/all.js';

export interface StandInOptions extends RateLimitOptions, LedgerOptions, BatchPlayOptions {
  /** The port on 127.0.0.1; 0 takes a free one (0). */
  port?: number | undefined;
  /** The server whose errors, headers, thinking and refusals it plays (openai). */
  profile?: ProfileName | undefined;
  /** All that is random follows from it and the records' contents (1). */
  seed?: number | undefined;
  /** Median service time, in milliseconds (0), and the spread of its logarithm (0). */
  medianMs?: number | undefined;
  sigma?: number | undefined;
  faults?: FaultRates | undefined;
  /** Says what befalls a call, before the rates do. */
  script?: ((call: { key: string; callNumber: number; index: number }) => FaultName | undefined) | undefined;
  /** What it answers (the offline writer's answer). */
  answer?: ((messages: ChatMessage[]) => string) | undefined;
  /** The pause that faults with a Retry-After ask for, in milliseconds (100); whole seconds where the server writes those. */
  retryAfterMs?: number | undefined;
  /** How long `stall` keeps silent, in milliseconds (60,000). */
  stallMs?: number | undefined;
  /** Any other key is refused with a 401, which in OpenAI's words quotes it. */
  apiKey?: string | undefined;
  /** From this call on, counted from 1, the quota is gone. */
  quotaGoneAtCall?: number | undefined;
  /** A stretch in which every call is a 503, in milliseconds since the start. */
  outage?: { fromMs: number; untilMs: number } | undefined;
  /** Prompt and cap that are longer together, in tokens, are refused (no limit). */
  contextTokens?: number | undefined;
  /** Parameters that the model does not take, `json_schema` and `json_object` among them (the profile's). */
  refuses?: readonly string[] | undefined;
}

const counts = ['requestsPerMinute', 'tokensPerMinute', 'quotaGoneAtCall', 'contextTokens'] as const;
const amounts = ['medianMs', 'sigma', 'retryAfterMs', 'stallMs', 'burstSeconds', 'keepCalls'] as const;

/** Throws UsageError for an option that cannot be used. */
export function checkOptions(options: StandInOptions): void {
  const { profile = 'openai', port = 0, faults = {} } = options;
  if (!profileNames.includes(profile)) {
    const guess = nearest(profile, profileNames);
    const hint = `${guess === undefined ? '' : `did you mean ${guess}? `}the profiles are ${profileNames.join(', ')}`;
    throw new UsageError(`there is no profile ${JSON.stringify(profile)}`, { hint });
  }
  checkFaults(faults);
  requireWholeNumber('port', port, 0);
  for (const name of counts) {
    const value = options[name];
    if (value !== undefined) requireWholeNumber(name, value);
  }
  for (const name of amounts) {
    const value = options[name];
    if (value === undefined || value >= 0) continue;
    throw new UsageError(`${name} is ${value}, expected a number of at least 0`);
  }
}
