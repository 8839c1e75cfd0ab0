import { ExitCode } from '../../errors.js';
import { faultNames } from '../../standIn/faults/faults.js';
import { standInOptions } from '../../standIn/options.js';
import { omit, text } from '../../util/options.js';
import { command } from '../command.js';
import { wrapped } from '../options/help.js';
import { apiKeyIn } from '../options/server/apiKey.js';
import { sayStats } from '../progress/terminal.js';

export const standInCommand = command({
  name: 'stand-in',
  group: 'Set up and rehearse',
  args: {},
  summary: 'Serve a stand-in for a model server, to rehearse a pipeline with faults',
  options: {
    ...omit(standInOptions, 'apiKey', 'batchMs', 'batchUnanswered', 'batchFailures'),
    apiKeyEnv: text({
      help: 'the environment variable that holds the only key it accepts',
      placeholder: '<name>',
      defaultText: 'any key',
    }),
  },
  examples: [
    'rareflow stand-in --port 8080 --median-ms 500 --sigma 0.8 --faults rate429=0.02,http500=0.01,unparsable=0.01',
    'rareflow run corpus.jsonl -o out.jsonl --model any --base-url http://127.0.0.1:8080/v1',
  ],
  notes: [
    'Faults (passing=0.02 is spread over those that a client recovers from):',
    ...wrapped(faultNames.join(', '), 76).map((line) => `  ${line}`),
  ],
  async run(_args, { apiKeyEnv, ...options }) {
    const apiKey = apiKeyEnv === undefined ? undefined : apiKeyIn(apiKeyEnv, process.env);
    const [{ startStandIn }, { abortOnInterrupt }] = await Promise.all([
      import('../../standIn/http/server.js'),
      import('../run/interrupt.js'),
    ]);
    using interrupt = abortOnInterrupt();
    const server = await startStandIn({ ...options, apiKey, keepCalls: 0 });
    process.stdout.write(`${server.baseUrl}\n`);
    await new Promise<void>((resolve) => interrupt.signal.addEventListener('abort', () => resolve()));
    await server.close();
    sayStats({ ...server.ledger.sums() });
    return ExitCode.done;
  },
});
