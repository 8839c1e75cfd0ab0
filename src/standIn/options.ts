import type { ChatMessage } from '../llm/chatModel.js';
import { isRecord } from '../record.js';
import {
  callback,
  choice,
  number,
  type OptionsOf,
  object,
  onOff,
  type Resolved,
  text,
  value,
  wholeNumber,
} from '../util/options.js';
import { type FaultName, type FaultRates, parseFaultRates } from './faults/faults.js';
import { profileNames } from './profiles/serverProfiles.js';

/** A period in which calls are refused, in milliseconds since the start of the server. */
export interface Outage {
  fromMs: number;
  untilMs: number;
}

/** A call, as a script sees it before it says what goes wrong. */
export interface ScriptedCall {
  /** Hash of the record's content. */
  key: string;
  /** Which call about this record it is, from 1. */
  callNumber: number;
  /** Its index among all calls, from 0. */
  index: number;
}

const isOutage = (given: unknown) =>
  isRecord(given) && Number(given.fromMs) >= 0 && Number(given.untilMs) > Number(given.fromMs);

function outageOf(range: string): Outage | string {
  const [, from, until] = /^(\d+)-(\d+)$/.exec(range) ?? [];
  return from === undefined ? range : { fromMs: Number(from), untilMs: Number(until) };
}

/** The options of `startStandIn` and of the command `stand-in`. */
export const standInOptions = {
  port: wholeNumber({ min: 0, default: 0, help: 'the port on 127.0.0.1; 0 takes a free one' }),
  profile: choice(profileNames, { default: 'openai', help: 'the server whose errors, headers and limits it imitates' }),
  faults: value<FaultRates>(
    {
      placeholder: '<list>',
      defaultText: 'none',
      help: 'the share of calls that get each fault: rate429=0.01,http500=0.01',
    },
    {
      expected: 'a list of NAME=RATE, as in rate429=0.01,http500=0.01',
      accepts: isRecord,
      parse: parseFaultRates,
    },
  ),
  seed: wholeNumber({ min: 0, default: 1, help: 'seeds faults and delays' }),
  medianMs: number({ min: 0, default: 0, help: 'the median time of an answer' }),
  sigma: number({ min: 0, default: 0, help: 'the spread of these times: the standard deviation of their logarithm' }),
  requestsPerMinute: wholeNumber({ help: 'refuse calls over this many per minute' }),
  tokensPerMinute: wholeNumber({ help: 'refuse calls over this many tokens per minute, prompts and answers together' }),
  burstSeconds: number({ min: 0, default: 60, help: 'how many seconds of these limits may be used at once' }),
  contextTokens: wholeNumber({ help: 'refuse requests whose prompt and longest answer take more tokens together' }),
  retryAfterMs: number({ min: 0, default: 100, help: 'the pause that rate429 asks for' }),
  stallMs: number({ min: 0, default: 60_000, help: 'how long a stalled answer sends nothing' }),
  quotaGoneAtCall: wholeNumber({ help: 'report an exhausted quota from this call on, counted from 1' }),
  outage: value<Outage>(
    {
      placeholder: '<from-until>',
      help: 'answer every call in this period with a 503, in ms since the start: 5000-20000',
    },
    {
      expected: 'two numbers of milliseconds, the second greater, as in 5000-20000',
      accepts: isOutage,
      parse: outageOf,
    },
  ),
  restart: value<Outage>(
    {
      placeholder: '<from-until>',
      help: 'restart in this period, in ms since the start: connections are reset, and then refused until its end',
    },
    {
      expected: 'two numbers of milliseconds, the second greater, as in 5000-20000',
      accepts: isOutage,
      parse: outageOf,
    },
  ),
  cutPromptsAt: wholeNumber({ help: 'cut prompts to this many tokens in silence, as Ollama does at num_ctx' }),
  apiKey: text({ help: 'the only key that it accepts; any other gets a 401', defaultText: 'any key' }),
  script: callback<(call: ScriptedCall) => FaultName | undefined>()({
    help: 'returns the fault of a call; if it returns undefined, the rates decide',
  }),
  answer: callback<(messages: ChatMessage[]) => string>()({
    help: 'writes the answers',
    defaultText: "the offline model's",
  }),
  judgements: text({
    placeholder: '<file>',
    help: 'answer judges from labels: JSONL of {question, document, verdict: answers|partly|no} or {question, document, criteria}',
    defaultText: "the offline model's plain rules",
  }),
  judgeErrors: number({
    min: 0,
    max: 1,
    default: 0,
    help: 'the share of the verdicts of --judgements that are flipped, both ways, by --seed',
  }),
  refuses: value<string | readonly string[]>(
    {
      help: 'refuse these: names of parameters, json_schema, json_object, system_role, unstreamed',
      placeholder: '<list>',
      defaultText: "the profile's",
    },
    {
      expected: 'a list of names, as in json_schema,temperature',
      accepts: (names) => [names].flat().every((name) => typeof name === 'string' && /^\w+$/.test(name)),
      parse: (list) => list.split(',').map((name) => name.trim()),
    },
  ),
  vagueRefusals: onOff({ default: false, help: 'refuse them in words that name nothing' }),
  keepCalls: object<number>()(
    { help: 'how many of the latest calls the ledger keeps in full, up to twice that', defaultText: '10000' },
    { expected: 'a number >= 0', accepts: (given) => typeof given === 'number' && given >= 0 },
  ),
  batchMs: number({ min: 0, default: 0, help: 'how long a batch runs, in milliseconds' }),
  batchUnanswered: number({
    min: 0,
    max: 1,
    default: 0,
    help: 'the share of its requests that a batch leaves unanswered when it expires',
  }),
  batchFailures: number({ min: 0, max: 1, default: 0, help: 'the share of batches that fail as a whole' }),
};

export type StandInOptions = OptionsOf<typeof standInOptions>;
export type StandInSettings = Resolved<typeof standInOptions>;
