// Run by damage.test.ts: INDEX FLIPS FILE... Overwrites eight bytes, then one, at seeded places of each file, and reports the result.
import { readFileSync, writeFileSync } from 'node:fs';
import { IndexError } from '../../../src/errors.js';
import { openIndex } from '../../../src/search/bm25Index.js';

const [target, flips, ...files] = process.argv.slice(2) as [string, string, ...string[]];

async function answers(): Promise<string> {
  await using index = await openIndex(target);
  const hits = await index.search('common pear word7 word299', { k: 50 });
  const rare = await index.search('word2999 pear', { k: 2000 });
  return JSON.stringify([hits, rare, hits.map(({ docId }) => index.text(docId)), index.docIds('doc-77')]);
}

let state = 1;
const below = (limit: number): number => {
  state = (state * 48271) % 2147483647;
  return Math.floor((state / 2147483647) * limit);
};
const right = await answers();
const outcomes: Record<'refused' | 'harmless' | 'wrong', string[]> = { refused: [], harmless: [], wrong: [] };
for (const file of files) {
  const whole = readFileSync(file);
  // The first and the last bytes first: what a format keeps there is read by every opening.
  const fixed = [0, 8, 16, 24, whole.length - 8, whole.length - 4];
  for (let flip = 0; flip < Number(flips); flip++) {
    const place = fixed[flip] ?? below(whole.length);
    const damaged = Buffer.from(whole);
    for (let at = place; at < Math.min(whole.length, place + (flip % 2 === 0 ? 8 : 1)); at++) {
      damaged[at] = (damaged[at] as number) ^ (1 + below(255));
    }
    writeFileSync(file, damaged);
    const outcome = await answers().then(
      (found) => (found === right ? 'harmless' : 'wrong'),
      (error: unknown) => (error instanceof IndexError ? 'refused' : 'wrong'),
    );
    outcomes[outcome].push(`${file.slice(-5)} at ${place}`);
  }
  writeFileSync(file, whole);
}
console.log(JSON.stringify(outcomes));
