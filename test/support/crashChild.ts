// Does the work that crashIndex.ts kills: argv is `build` or `commit`, the index, and how many documents.
import { writeNew } from './crashIndex.js';

const [work, target, docs] = process.argv.slice(2) as ['build' | 'commit', string, string];
await writeNew(work, target, Number(docs), () => process.stdout.write('writing\n'));
process.stdout.write('done\n');
