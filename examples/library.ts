// The whole of `rareflow run corpus.jsonl -o OUTPUT`, in the library: index, checkpoint, rejects, summary, retry of rejects.
// Run it: npx tsx examples/library.ts [OUTPUT]     (start it again after an interrupt: it resumes)
import path from 'node:path';
import {
  corpusIndex,
  createModel,
  durableJsonl,
  filesBeside,
  planRun,
  RunStore,
  rareChain,
  rarePlan,
  readRecords,
  retryRejects,
  runPipeline,
  runSummary,
  writeRunSummary,
} from '../src/index.js';

const corpus = path.join(import.meta.dirname, 'corpus.jsonl');
const [output = 'rare.jsonl'] = process.argv.slice(2);
const { folder, rejects } = filesBeside(output);

const plan = await planRun(corpus, rarePlan({ numNeg: 5 }));
console.log(`${plan.records} records, about ${plan.total.calls} calls`);

await using store = new RunStore(folder);
const model = createModel({ model: 'offline' });
const index = await corpusIndex(corpus, path.join(folder, 'index.bm25'), { replaceOther: true });
const { stages, settings } = rareChain({ model, index, numNeg: 5 });
const run = await runPipeline({
  source: (context) => readRecords(corpus, context),
  stages,
  checkpoint: {
    store,
    settings: { ...settings, input: corpus },
    output: durableJsonl(output),
    rejects: durableJsonl(rejects, { partial: false }),
  },
});
const usage = model.usage();
await writeRunSummary(runSummary(run, { state: 'done', output, rejects, usage, ...store.state }));
console.log(`${run.out} records in ${output}, ${run.rejected} rejected`);

const { retried, out } = await retryRejects({ folder, store, output, rejects, stages });
console.log(`${retried} rejects retried, ${out} of them done`);
await Promise.all([index.close(), model.close()]);
