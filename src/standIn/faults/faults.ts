import { UsageError } from '../../errors.js';
import { chance } from '../answers/chance.js';
import { nearest } from '../answers/nearest.js';

/** Every way in which the stand-in can go wrong. A number in a name is OpenAI's status for it; a profile may have another. */
export const faultNames = [
  // statuses
  'http500',
  'http502', // a gateway's HTML page
  'http503',
  'http503After', // with Retry-After
  'http504', // a gateway's HTML page
  'overloaded529',
  'errorString500', // {"error": "…"}
  'noRetry500', // x-should-retry: false
  'loading503',
  'rate429',
  'rate429Bare', // no time named
  'rate429Date', // Retry-After is an HTTP date
  'rate429Long', // Retry-After over 60 s
  'rate429Nonsense', // headers of −1 and 0
  'tooLarge429', // more tokens than a minute has
  'auth401',
  'expiredKey400',
  'payment402',
  'region403',
  'moderation403',
  'quota429',
  'balance429', // no credit, in other words than OpenAI's
  'model404',
  'contentFilter400',
  'contextLength400', // the messages alone do not fit
  'contextCap400', // the messages fit, with the cap they do not
  'bad400',
  'retryAnyway400', // x-should-retry: true
  'flatVllm400',
  'detail422',
  'timeout408',
  'conflict409',
  // connections
  'resetBefore',
  'resetMidBody',
  'resetAfterBilled',
  'stall',
  'stallMidBody',
  'drip',
  // bodies of a 200
  'html200',
  'empty200',
  'cut200',
  'error200',
  'errorMidway', // an error after half of the stream; error200 for a call that is not streamed
  'choicesNull',
  'missingUsage',
  // finishes
  'finishLength',
  'finishContentFilter',
  'finishError',
  'refusal',
  'blank',
  'blankTwice', // the record's next answer is blank too
  'blankJsonMode', // blank where response_format is asked for, else a plain answer
  // answers in another shape
  'bareJson',
  'fenced',
  'trailingComma',
  'wrongSchema',
  'unparsable',
  // thinking
  'think', // where the profile's server puts it
  'thinkReasoning',
  'thinkReasoningContent',
  'thinkDetails',
  'thinkBlock',
  'thinkNoOpener',
  'thinkOnly', // and no answer
] as const;

export type FaultName = (typeof faultNames)[number];

/** Those that pass: asked again, the record is done. */
export const passingFaults: readonly FaultName[] = [
  'http500',
  'http502',
  'http503',
  'http504',
  'overloaded529',
  'errorString500',
  'retryAnyway400',
  'timeout408',
  'conflict409',
  'resetBefore',
  'resetMidBody',
  'resetAfterBilled',
  'html200',
  'empty200',
  'cut200',
  'error200',
  'errorMidway',
  'choicesNull',
  'finishError',
  'blank',
  'thinkOnly',
];

/** The share of calls, 0 to 1, that each fault befalls. */
export type FaultRates = Partial<Record<FaultName, number>>;

/** One rate spread evenly over several faults. */
export function spreadOver(names: readonly FaultName[], rate: number): FaultRates {
  return Object.fromEntries(names.map((name) => [name, rate / names.length]));
}

/** Throws UsageError for a name that is no fault's, a rate outside 0 to 1, and rates of more than 1 together. */
export function checkFaults(rates: FaultRates): void {
  for (const [name, rate] of Object.entries(rates)) {
    if (!(faultNames as readonly string[]).includes(name)) {
      const guess = nearest(name, faultNames);
      const hint = `${guess === undefined ? '' : `did you mean ${guess}? `}the faults are ${faultNames.join(', ')}`;
      throw new UsageError(`there is no fault ${JSON.stringify(name)}`, { hint });
    }
    if (!(rate >= 0 && rate <= 1)) throw new UsageError(`the rate of ${name} is ${rate}, expected 0 to 1`);
  }
  const sum = Object.values(rates).reduce((a, b) => a + b, 0);
  if (sum > 1 + 1e-9) throw new UsageError(`the rates of the faults add up to ${sum}, expected 1 at most`);
}

/** The fault of a key's n-th call, if any: the same whatever order calls arrive in. */
export function chooseFault(rates: FaultRates, seed: number, key: string, callNumber: number): FaultName | undefined {
  if (rates.blankTwice && callNumber > 1 && draw(rates, seed, key, callNumber - 1) === 'blankTwice') return 'blank';
  return draw(rates, seed, key, callNumber);
}

function draw(rates: FaultRates, seed: number, key: string, callNumber: number): FaultName | undefined {
  let left = chance(seed, key, callNumber, 'fault');
  for (const name of faultNames) {
    left -= rates[name] ?? 0;
    if (left < 0) return name;
  }
  return undefined;
}
