import { UsageError } from '../../errors.js';
import { mustBe, unknownName } from '../../util/check.js';
import { chance } from './chance.js';

/** Every fault of the stand-in. A number in a name is the status that OpenAI sends; a profile may send another. */
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
  'rate429Bare', // without a time to wait
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
  'balance429', // no credit, in Moonshot's words
  'model404',
  'contentFilter400',
  'contextLength400', // the messages alone do not fit
  'contextCap400', // the messages fit, but not with max_tokens
  'bad400',
  'retryAnyway400', // x-should-retry: true
  'flatVllm400',
  'detail422',
  'timeout408',
  'conflict409',
  // lasting refusals, and those of proxies
  'budget400', // the budget of a proxy is used up
  'day429', // a limit per day, which resets in hours
  'revokedKey400',
  'gone410', // the model was taken down
  'limit503', // the page of nginx for limit_req
  'proxy413', // the page of nginx for client_max_body_size
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
  'blankJsonMode', // blank if the request has a response_format, else a plain answer
  // answers in another format
  'bareJson',
  'fenced',
  'trailingComma',
  'wrongSchema',
  'unparsable',
  // thinking
  'think', // in the field that the profile's server uses
  'thinkReasoning',
  'thinkReasoningContent',
  'thinkDetails',
  'thinkBlock',
  'thinkNoOpener',
  'thinkOnly', // without an answer
  // answers that are easily misread
  'thinkOtherTags', // <Thinking>, after "Sure!"
  'thinkHarmony', // the channels of gpt-oss in the text
  'answerInReasoning', // all of it in reasoning_content, and no content
  'templateTokens', // <|im_end|> and an invented next turn after it
  'latexEscapes', // JSON whose LaTeX has single backslashes
  'unwrapped', // without the key hard_query
  'camelKeys',
  'jsonInString',
  'pythonDict',
  'toolCallText', // in <tool_call>
  'pointsAtDocument', // a question about "the passage"
  'loneSurrogate',
  'finishAbort',
  'finishUnknown',
  // content-encodings that nobody asked for
  'gzip200',
  'deflate200',
  'br200',
  'zstd200',
  'unknownEncoding200',
  'wrongEncoding200', // the header says gzip, and the body is plain
  // prompts
  'cutPrompt', // a prompt of over 1,000 tokens is cut to 450 in silence
] as const;

export type FaultName = (typeof faultNames)[number];

/** Transient faults: a retry gets an answer. */
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

/** The share of calls, 0 to 1, that get each fault. */
export type FaultRates = Partial<Record<FaultName, number>>;

/** Spreads one rate evenly over several faults. */
export function spreadOver(names: readonly FaultName[], rate: number): FaultRates {
  return Object.fromEntries(names.map((name) => [name, rate / names.length]));
}

/** Throws UsageError for an unknown fault, a rate outside 0 to 1, and rates that add up to more than 1. */
export function checkFaults(rates: FaultRates): void {
  for (const [name, rate] of Object.entries(rates)) {
    if (!(faultNames as readonly string[]).includes(name)) throw unknownName('fault', name, faultNames);
    if (!(rate >= 0 && rate <= 1)) throw mustBe(`the rate of ${name}`, 'a number from 0 to 1', rate);
  }
  const sum = Object.values(rates).reduce((a, b) => a + b, 0);
  if (sum > 1 + 1e-9) throw new UsageError(`the rates of the faults must add up to 1 at most, got ${sum}`);
}

/** Reads `rate429=0.01,http500=0.01`; `passing=0.02` is spread over the transient faults. Returns other text as it is. */
export function parseFaultRates(list: string): FaultRates | string {
  const rates: FaultRates = {};
  for (const entry of list.split(',')) {
    const [name = '', rate = '', ...rest] = entry.split('=').map((part) => part.trim());
    if (rate === '' || rest.length > 0) return list;
    Object.assign(rates, name === 'passing' ? spreadOver(passingFaults, Number(rate)) : { [name]: Number(rate) });
  }
  return rates;
}

/** Returns the fault of a record's n-th call, if any. It does not depend on the order in which calls arrive. */
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
