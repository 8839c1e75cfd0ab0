// A plain FlexSearch program that ranks by exact BM25 and keeps its index on disk. Run it: npx tsx examples/flexsearch.ts
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Index } from 'flexsearch';
import { Bm25Storage, bm25Options } from '../src/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-example-'));
const index = new Index({ ...bm25Options({ analyzer: 'english' }), commit: false });
await index.mount(new Bm25Storage(path.join(folder, 'notes.bm25')));

index.add('d1', 'The spring tide comes at new moon and at full moon.');
index.add('d2', 'Neap tides come at half moon.');
index.add('d3', 'A dough rises.');
await index.commit();

console.log(await index.search('why are tides strongest at full moon', { limit: 10 }));
await index.destroy();
rmSync(folder, { recursive: true, force: true });
