// The whole chain as a program: documents in, training data out. Run it: npx tsx examples/pipeline.ts [OUTPUT]
import path from 'node:path';
import {
  bm25HardNeg,
  buildIndex,
  createModel,
  doc2Query,
  drain,
  openIndex,
  readJsonl,
  reasonDistill,
  writeJsonl,
} from '../src/index.js';

const corpus = path.join(import.meta.dirname, 'corpus.jsonl');
const output = process.argv[2] ?? 'rare.jsonl';
const model = createModel({ model: 'offline' });

await buildIndex(readJsonl(corpus), `${output}.bm25`);
const index = await openIndex(`${output}.bm25`);

const records = readJsonl(corpus).pipe(
  doc2Query({ model }),
  bm25HardNeg({ index, numNeg: 3 }),
  reasonDistill({ model, seed: 7 }),
  writeJsonl(output),
);
console.log(`${await drain(records)} records in ${output}`);
await index.close();
