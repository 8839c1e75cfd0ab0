const subjects = ['tide', 'bridge', 'bore', 'current', 'engine', 'reef', 'glacier', 'orbit', 'valve', 'pigment'];
const verbs = ['turns', 'bends', 'steepens', 'reverses', 'stalls', 'bleaches', 'calves', 'decays', 'leaks', 'fades'];

/** A record of a finished run without a fault; no two of the first 1,000 ask nearly the same. */
export function madeRecord(i: number) {
  const [a, b, c] = [i % 10, Math.floor(i / 10) % 10, Math.floor(i / 100) % 10];
  return {
    id: `d${i}`,
    title: `Title ${i}`,
    text: `The ${subjects[a]} ${verbs[b]} ${i} times.`,
    question: `Question ${i}: why is it number ${i} that ${subjects[a]} ${i} ${verbs[b]} before ${subjects[c]} ${i}?`,
    scenario: `Somebody waits for ${subjects[b]} ${i}.`,
    hard_negatives: [`Nothing ${verbs[c]} in ${i}.`, `All of ${i} ${verbs[a]}.`],
    reasoning: `<think>First ${subjects[a]} ${i}, then ${subjects[b]}.</think>\n<answer>It ${verbs[c]}.</answer>`,
    _rareflow: {
      doc2query: {
        ...{ model: 'teacher', prompt: 'doc2query-1', attempts: 1, finishReason: 'stop' },
        ...{ promptTokens: 100, completionTokens: 20 },
      },
      bm25_hard_neg: {
        negatives: [
          { id: `n${i}`, score: 6.5, rank: 2 },
          { id: 'often', score: 4.25, rank: 7 },
        ],
        positive: { rank: 1, score: 9.5 },
      },
      reason_distill: {
        ...{ model: 'teacher', prompt: 'reason-distill-1', attempts: 1, finishReason: 'stop' },
        ...{ promptTokens: 300, completionTokens: 90 },
      },
    },
  };
}
