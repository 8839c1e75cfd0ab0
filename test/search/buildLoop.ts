// Builds the index at argv[2] over and over, of documents that all hold one word, `left` and `right` in turn.
import { buildIndex } from '../../src/search/buildIndex.js';

const target = process.argv[2] ?? '';

async function* corpus(word: string) {
  for (let at = 0; at < 400; at++) yield { id: `${word}-${at}`, text: `${word} ${`filler${at} `.repeat(20)}` };
}

process.stdout.write('ready\n');
for (let round = 0; ; round++) await buildIndex(corpus(round % 2 === 0 ? 'left' : 'right'), target, { memoryMb: 0.02 });
