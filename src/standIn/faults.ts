/** Every way in which the stand-in can go wrong. */
export const faultNames = [
  // statuses
  'http500',
  'http503',
  'loading503',
  'rate429',
  'rate429Bare',
  'auth401',
  'payment402',
  'region403',
  'moderation403',
  'quota429',
  'model404',
  'contentFilter400',
  'contextLength400',
  'bad400',
  'flatVllm400',
  'detail422',
  'timeout408',
  // connections
  'resetBefore',
  'resetMidBody',
  'resetAfterBilled',
  'stall',
  'drip',
  // bodies of a 200
  'html200',
  'empty200',
  'cut200',
  'error200',
  'choicesNull',
  'missingUsage',
  // finishes
  'finishLength',
  'finishContentFilter',
  'finishError',
  'refusal',
  'blank',
  // answers in another shape
  'bareJson',
  'trailingComma',
  'wrongSchema',
  'unparsable',
  // thinking
  'thinkReasoning',
  'thinkReasoningContent',
  'thinkDetails',
  'thinkBlock',
  'thinkNoOpener',
] as const;

export type FaultName = (typeof faultNames)[number];

/** The share of calls, 0 to 1, that each fault befalls. */
export type FaultRates = Partial<Record<FaultName, number>>;

/** A number in [0, 1) that depends on nothing but its arguments (FNV-1a, mixed by murmur3's finalizer). */
export function chance(...parts: (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of parts.join('\u0000')) {
    hash ^= char.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The fault of a key's n-th call, if any: the same whatever order calls arrive in. */
export function chooseFault(rates: FaultRates, seed: number, key: string, callNumber: number): FaultName | undefined {
  let left = chance(seed, key, callNumber, 'fault');
  for (const name of faultNames) {
    left -= rates[name] ?? 0;
    if (left < 0) return name;
  }
  return undefined;
}

/** A log-normal service time, in milliseconds: medianMs · exp(sigma · Z). */
export function serviceTime(medianMs: number, sigma: number, seed: number, key: string, callNumber: number): number {
  if (medianMs === 0 || sigma === 0) return medianMs;
  const radius = Math.sqrt(-2 * Math.log(1 - chance(seed, key, callNumber, 'radius')));
  return medianMs * Math.exp(sigma * radius * Math.cos(2 * Math.PI * chance(seed, key, callNumber, 'angle')));
}
