// An operator between Node streams, with backpressure from the last to the first. Run it: npx tsx examples/nodeStreams.ts [FILE]
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createModel, doc2Query, readJsonl } from '../src/index.js';

const file = process.argv[2] ?? path.join(import.meta.dirname, 'corpus.jsonl'); // '-' is stdin
const toLines = new Transform({
  writableObjectMode: true,
  transform: (record, _encoding, done) => done(null, `${record.id}\t${record.question}\n`),
});

await pipeline(readJsonl(file), doc2Query({ model: createModel({ model: 'offline' }) }), toLines, process.stdout);
