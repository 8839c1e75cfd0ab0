// DataFlow's RARE pipeline, in the order of its lines: README.md shows both side by side.
// Run it: npx tsx examples/fromDataFlow/pipeline.ts [CORPUS] [OUTPUT]     (start it again after an interrupt: it resumes)
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  bm25HardNeg,
  corpusIndex,
  createModel,
  doc2Query,
  durableJsonl,
  durableRecords,
  filesBeside,
  RunStore,
  readRecords,
  reasonDistill,
  runPipeline,
} from '../../src/index.js';

const [input = path.join(import.meta.dirname, 'corpus.zh.json'), output = 'cache_local/rare.json'] =
  process.argv.slice(2);

// self.storage = FileStorage(first_entry_file_name, cache_path, file_name_prefix, cache_type)
const cachePath = path.dirname(output);
const step = (count: number) => path.join(cachePath, `dataflow_cache_step_step${count}.jsonl`);
mkdirSync(cachePath, { recursive: true });
await using store = new RunStore(filesBeside(output).folder);

// llm_serving = APILLMServing_request(api_url, key_name_of_api_key, model_name, max_workers)
const model = createModel({ model: process.env.MODEL ?? 'offline', baseUrl: process.env.OPENAI_BASE_URL });
const concurrency = 10;

// RAREBM25HardNegGenerator() builds its index of all rows while it runs; here it is kept on disk.
const index = await corpusIndex(input, path.join(filesBeside(output).folder, 'index.bm25'));

const { out, rejected } = await runPipeline({
  source: (context) => readRecords(input, context),
  stages: [
    // self.doc2query_step1.run(storage = self.storage.step(), input_key = "text")
    { name: 'doc2query', operator: doc2Query({ model, concurrency, textKey: 'text' }) },
    // self.bm25hardneg_step2.run(…, input_question_key, input_text_key, output_negatives_key)
    { name: 'bm25_hard_neg', operator: bm25HardNeg({ index, numNeg: 3, sampling: 'top' }) },
    // self.reasondistill_step3.run(…, input_hardneg_key, output_key)
    { name: 'reason_distill', operator: reasonDistill({ model, concurrency, reasoningKey: 'reasoning' }) },
  ],
  checkpoint: {
    store,
    settings: { model: model.name, input },
    output: durableRecords(output),
    rejects: durableJsonl(filesBeside(output).rejects, { partial: false }),
    steps: [1, 2, 3].map((count) => durableJsonl(step(count), { partial: false })),
  },
});
console.log(`${out} records in ${output}, ${rejected} rejected; steps in ${step(1)} to ${step(3)}`);
await Promise.all([index.close(), model.close()]);
