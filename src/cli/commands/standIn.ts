import { InvalidArgumentError } from 'commander';
import { ExitCode } from '../../errors.js';
import { type FaultRates, faultNames, passingFaults, spreadOver } from '../../standIn/faults/faults.js';
import { type ProfileName, profileNames } from '../../standIn/profiles/all.js';
import type { CommandSpec } from '../command.js';
import { apiKeyIn } from '../options/apiKey.js';
import { wrapped } from '../options/help.js';
import { count, number, option, otherwise, wholeNumber } from '../options/option.js';
import { sayStats } from '../progress/terminal.js';
import { abortOnInterrupt } from '../run/interrupt.js';

interface Flags {
  port: number;
  profile: ProfileName;
  seed: number;
  medianMs: number;
  sigma: number;
  faults: FaultRates;
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  burstSeconds?: number;
  contextTokens?: number;
  retryAfterMs?: number;
  stallMs?: number;
  quotaGoneAtCall?: number;
  outage?: { fromMs: number; untilMs: number };
  apiKeyEnv?: string;
}

export const standInCommand: CommandSpec = {
  name: 'stand-in',
  group: 'Set up and rehearse',
  args: {},
  summary: 'Serve a stand-in for a model server, to rehearse a pipeline with faults',
  options: [
    option('--port <n>', 'the port on 127.0.0.1; 0 takes one that is free').argParser(wholeNumber(0)).default(0),
    option('--profile <name>', 'the server to play').choices(profileNames).default('openai'),
    option('--faults <list>', 'the share of calls that each fault befalls: rate429=0.01,http500=0.01')
      .argParser(parseFaults)
      .default({}, 'none'),
    option('--seed <n>', 'seeds faults and delays').argParser(wholeNumber(0)).default(1),
    option('--median-ms <x>', 'the median time of an answer').argParser(number).default(0),
    option('--sigma <x>', 'how far times spread: the deviation of their logarithm').argParser(number).default(0),
    count('--requests-per-minute <n>', 'refuse calls over this many a minute'),
    count('--tokens-per-minute <n>', 'refuse calls over this many tokens a minute'),
    otherwise('60', option('--burst-seconds <x>', 'how much of these limits may come at once').argParser(number)),
    count('--context-tokens <n>', 'refuse prompts that are longer, with the answer that they ask for'),
    otherwise('100', option('--retry-after-ms <x>', 'the pause that rate429 asks for').argParser(number)),
    otherwise('60000', option('--stall-ms <x>', 'how long a stalled answer keeps silent').argParser(number)),
    count('--quota-gone-at-call <n>', 'answer from this call on that the quota is used up'),
    option('--outage <from-until>', 'refuse every call in this stretch, in ms since the start: 5000-20000').argParser(
      parseOutage,
    ),
    otherwise('any key', option('--api-key-env <name>', 'the environment variable that holds the only key it takes')),
  ],
  examples: [
    'rareflow stand-in --port 8080 --median-ms 500 --sigma 0.8 --faults rate429=0.02,http500=0.01,unparsable=0.01',
    'rareflow run corpus.jsonl -o out.jsonl --model any --base-url http://127.0.0.1:8080/v1',
  ],
  notes: [
    'Faults (passing=0.02 is spread over those that a client gets over):',
    ...wrapped(faultNames.join(', '), 76).map((line) => `  ${line}`),
  ],
  async run(_args: string[], { apiKeyEnv, ...options }: Flags) {
    const apiKey = apiKeyEnv === undefined ? undefined : apiKeyIn(apiKeyEnv, process.env);
    const { startStandIn } = await import('../../standIn/http/server.js');
    using interrupt = abortOnInterrupt();
    const server = await startStandIn({ ...options, apiKey, keepCalls: 0 });
    process.stdout.write(`${server.baseUrl}\n`);
    await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve()));
    await server.close();
    sayStats({ ...server.ledger.sums() });
    return ExitCode.done;
  },
};

function parseFaults(text: string): FaultRates {
  const rates: Record<string, number> = {};
  for (const entry of text.split(',')) {
    const [name = '', rate = '', ...rest] = entry.split('=').map((part) => part.trim());
    if (rate === '' || rest.length > 0) {
      throw new InvalidArgumentError('It must be a list of NAME=RATE, as in rate429=0.01,http500=0.01.');
    }
    Object.assign(rates, name === 'passing' ? spreadOver(passingFaults, Number(rate)) : { [name]: Number(rate) });
  }
  return rates;
}

function parseOutage(text: string): { fromMs: number; untilMs: number } {
  const [, from, until] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (from !== undefined && Number(until) > Number(from)) return { fromMs: Number(from), untilMs: Number(until) };
  throw new InvalidArgumentError('It must be two whole numbers of milliseconds, as in 5000-20000.');
}
