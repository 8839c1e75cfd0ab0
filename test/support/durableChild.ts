// A small durable run, for tests that kill it: corpus, output, URL of the stand-in, ordered or not, concurrency.

import { readRecords } from '../../src/io/read/readRecords.js';
import { durableJsonl } from '../../src/io/write/durableJsonl.js';
import { durableRecords } from '../../src/io/write/durableRecords.js';
import { textInput } from '../../src/operators/inputKeys.js';
import { recordOperator } from '../../src/operators/recordOperator.js';
import { runPipeline } from '../../src/pipeline/runPipeline.js';
import { RunStore } from '../../src/pipeline/state/runStore.js';

const [corpus = '', output = '', baseUrl = '', order = 'ordered', concurrency = '8'] = process.argv.slice(2);

const asking = (stage: string) => ({
  name: stage,
  operator: recordOperator(
    { stage, inputs: [textInput('text', 'textKey')], outputs: [stage] },
    { ordered: order === 'ordered', concurrency: Number(concurrency) },
    async ({ text }) => {
      const messages = [{ role: 'user', content: `${stage}: ${text}` }];
      const response = await fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'stand-in', messages }),
      });
      const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
      return [{ fields: { [stage]: choices[0]?.message.content }, provenance: {} }];
    },
  ),
});

await using store = new RunStore(`${output}.rareflow`);
const { in: read, out } = await runPipeline({
  source: (context) => readRecords(corpus, context),
  stages: [asking('first'), asking('second')],
  checkpoint: {
    store,
    settings: { order },
    output: durableRecords(output),
    rejects: durableJsonl(`${output}.rejects`, { partial: false }),
    ordered: order === 'ordered',
    everyItems: 32,
    everyMs: 100,
    onResume: ({ counts }) => process.stderr.write(`${counts.out} records of its input are done\n`),
  },
});
process.stderr.write(`${read} in = ${out} out\n`);
