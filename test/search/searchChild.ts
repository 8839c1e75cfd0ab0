// Opens the index at argv[2] and answers each line of stdin with the ids found, as JSON.
import { createInterface } from 'node:readline';
import { openIndex } from '../../src/search/bm25Index.js';

await using index = await openIndex(process.argv[2] ?? '');
process.stdout.write('ready\n');
for await (const query of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify((await index.search(query)).map(({ id }) => id))}\n`);
}
