import { wordsOf } from '../../util/words.js';
import type { DocumentVerdictName } from './prompt.js';

interface Judged {
  verdict: DocumentVerdictName;
  /** The first model's verdict, if a second one read the document. */
  first?: DocumentVerdictName;
}

/**
 * Returns the negatives to keep only if there are too few others. A judge that found answers has probably missed some: so these
 * are as many as it found, of those it calls `no` the most alike to the positive and to the answers; the last ones of a tie. What a second
 * model read is not doubtful.
 */
export function doubtfulNegatives(
  verdicts: readonly Judged[],
  texts: { positive: string; negatives: readonly string[] },
  numNeg: number,
): ReadonlySet<number> {
  const clean = verdicts.flatMap(({ verdict }, index) => (verdict === 'no' ? [index] : []));
  const found = verdicts.length - clean.length;
  const count = Math.min(found, clean.length - numNeg);
  if (count <= 0) return new Set();
  const [positive, ...weights] = weightsOfWords([texts.positive, ...texts.negatives]) as [
    WordWeights,
    ...WordWeights[],
  ];
  const answers = weights.filter((_, index) => verdicts[index]?.verdict !== 'no');
  const likeness = (index: number) => {
    const own = weights[index] as WordWeights;
    const toAnswers = answers.reduce((sum, answer) => sum + cosine(own, answer), 0) / found;
    return cosine(own, positive) + toAnswers;
  };
  const alike = clean
    .filter((index) => verdicts[index]?.first === undefined)
    .map((index) => ({ index, likeness: likeness(index) }))
    .sort((a, b) => b.likeness - a.likeness || b.index - a.index);
  return new Set(alike.slice(0, count).map(({ index }) => index));
}

type WordWeights = ReadonlyMap<string, number>;

/** Returns the weights of the words of each text, as in tf-idf, with frequencies counted in these texts alone. */
function weightsOfWords(texts: readonly string[]): WordWeights[] {
  const docFreqs = new Map<string, number>();
  const counted = texts.map((text) => {
    const counts = new Map<string, number>();
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const word of counts.keys()) docFreqs.set(word, (docFreqs.get(word) ?? 0) + 1);
    return counts;
  });
  return counted.map((counts) => {
    const weighed = ([word, count]: [string, number]): [string, number] => [
      word,
      (count / (count + 1)) * Math.log((texts.length + 1) / (docFreqs.get(word) as number)),
    ];
    return new Map([...counts].map(weighed));
  });
}

function cosine(a: WordWeights, b: WordWeights): number {
  const product = dot(a, b);
  return product === 0 ? 0 : product / Math.sqrt(dot(a, a) * dot(b, b));
}

function dot(a: WordWeights, b: WordWeights): number {
  let sum = 0;
  for (const [word, weight] of a) sum += weight * (b.get(word) ?? 0);
  return sum;
}
