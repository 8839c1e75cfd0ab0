// A run that can be killed at any moment and resumed by starting it again. Ctrl-C finishes what is in flight first.
// Run it: npx tsx examples/durable.ts [OUTPUT]     (the second time there is nothing left to do)
import path from 'node:path';
import { createModel, doc2Query, durableJsonl, RunStore, readRecords, runPipeline } from '../src/index.js';

const [output = 'questions.jsonl'] = process.argv.slice(2);
const corpus = path.join(import.meta.dirname, 'corpus.jsonl');
const model = createModel({ model: 'offline' });
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted; run the same command to resume')));

await using store = new RunStore(`${output}.rareflow`);
const { out, rejected, pending } = await runPipeline({
  source: (context) => readRecords(corpus, context),
  stages: [{ name: 'doc2query', operator: doc2Query({ model }) }],
  checkpoint: {
    store,
    settings: { model: model.name, corpus: 'corpus.jsonl' },
    output: durableJsonl(output),
    rejects: durableJsonl(`${output}.rejects`, { partial: false }),
    onResume: ({ startedAt }) => console.log(`resuming the run started ${startedAt}`),
  },
  onProgress: ({ in: read, stages }) => console.log(`${read} read, ${stages[0]?.inFlight} in progress`),
  stop: stop.signal,
});
console.log(`${out} records in ${output}, ${rejected} rejected, ${pending} pending`);
await model.close();
