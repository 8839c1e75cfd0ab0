// Opens the store at argv[2] and answers each line of stdin with the number of its rows.
import { createInterface } from 'node:readline';
import { Store } from '../../src/store/store.js';

await using store = new Store({ path: process.argv[2] ?? '', kind: 'test store', version: 1 });
const rows = store.table<string, string>('rows');
for await (const line of createInterface({ input: process.stdin })) {
  const [what, count] = line.split(' ');
  if (what === 'write') {
    const before = [...rows.entries({ limit: 1_000_000 })].filter(([key]) => key.startsWith('theirs')).length;
    for (let n = before; n < Number(count); n++) rows.put(`theirs ${n}`, 'y'.repeat(9000));
  }
  process.stdout.write(`${rows.count}\n`);
}
