// BM25HardNeg alone: builds an index once, then finds the hard negatives of a question. Run it: npx tsx examples/bm25HardNeg.ts
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bm25HardNeg, buildIndex, openIndex, readJsonl } from '../src/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-example-'));
const { docs, seconds } = await buildIndex(
  readJsonl(path.join(import.meta.dirname, 'corpus.jsonl')),
  `${folder}/x.bm25`,
);
console.log(`${docs} documents indexed in ${seconds.toFixed(2)} s`);

const index = await openIndex(`${folder}/x.bm25`);
const [hit] = await index.search('why is the tidal range greatest at new and full moon', { k: 1 });
if (hit === undefined) throw new Error('nothing found');
const asked = {
  id: hit.id,
  text: index.text(hit.docId),
  question: 'Why do spring tides follow the moon by a day or two?',
};

// Few of the 96 documents share a subject, so the 20 best, of which the default takes the least similar, go far beyond it.
for await (const record of bm25HardNeg({ index, numNeg: 2, sampling: 'top' })([asked])) {
  console.log(`question: ${asked.question}\npositive: ${asked.id}`);
  for (const negative of record.hard_negatives) console.log(`negative: ${negative.slice(0, 80)}…`);
}
await index.close();
rmSync(folder, { recursive: true });
