// The operators between Node streams: a Readable of bytes in, a Writable out. Run it: npx tsx examples/nodeStreams.ts < FILE
import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createModel, doc2Query, readJsonl, toDuplex } from '../src/index.js';

const input = process.stdin.isTTY ? createReadStream(new URL('corpus.jsonl', import.meta.url)) : process.stdin;
const model = createModel({ model: 'offline' });
const toLines = new Transform({
  writableObjectMode: true,
  transform: (record, _encoding, done) => done(null, `${record.id}\t${record.question}\n`),
});

await pipeline(readJsonl(input), toDuplex(doc2Query({ model })), toLines, process.stdout);
