// An operator of your own: a judge reads each mined negative, and those that answer the question after all are taken out.
// recordOperator brings the rest: keys checked at the door, rejects, concurrency, order, backpressure, provenance.
// Run it: npx tsx examples/ownOperator.ts
import { from } from 'ix/asynciterable';
import {
  type ChatModel,
  type DataRecord,
  type Operator,
  type RecordOptions,
  RejectError,
  recordOperator,
  textListProblem,
  textProblem,
} from '../src/index.js';

/** Leaves those of a record's negatives that the judge says do not answer its question; rejects a record that has none left. */
function trueNegatives({ judge, ...options }: RecordOptions & { judge: ChatModel }): Operator<object, DataRecord> {
  const stage = 'true_negatives';
  const inputs = [
    { key: 'question', option: 'question', problem: textProblem },
    { key: 'hard_negatives', option: 'hard_negatives', problem: textListProblem },
  ];
  return recordOperator({ stage, inputs, outputs: [] }, options, async (record, signal) => {
    const negatives = record.hard_negatives as string[];
    const verdicts = await Promise.all(
      negatives.map(async (passage) => {
        const content = `Question: ${record.question}\nPassage: ${passage}\nDoes the passage answer it? Say yes or no.`;
        const { text } = await judge.complete({ messages: [{ role: 'user', content }], stage }, { signal });
        return /^\W*(yes|no)\b/i.exec(text)?.[1]?.toLowerCase();
      }),
    );
    if (verdicts.includes(undefined)) throw new RejectError('the judge said neither yes nor no');
    const kept = negatives.filter((_, place) => verdicts[place] === 'no');
    if (kept.length === 0) throw new RejectError(`all ${negatives.length} negatives answer the question`);
    return [
      { fields: { hard_negatives: kept }, provenance: { judge: judge.name, takenOut: negatives.length - kept.length } },
    ];
  });
}

/** A model is anything with `complete`. This one knows a single answer; createModel({ model: 'gpt-4o-mini' }) knows more. */
const judge: ChatModel = {
  name: 'toy-judge',
  async complete({ messages }) {
    const text = messages[0]?.content.includes('syzygy') ? 'Yes.' : 'No.';
    const usage = { promptTokens: 0, completionTokens: 1 };
    return { text, model: 'toy-judge', finishReason: 'stop', usage, attempts: 1 };
  },
};

const records = [
  {
    question: 'Why are the tides at full moon higher than a week later?',
    hard_negatives: ['At syzygy the pulls of Sun and Moon add up.', 'A tidal bore is a wave that runs up a river.'],
  },
  { question: 'When do the pulls add up?', hard_negatives: ['They do at syzygy.'] },
];
const rejects = ({ stage, reason }: { stage: string; reason: string }) => console.log(`${stage}: ${reason}`);
for await (const { hard_negatives, _rareflow } of from(records).pipe(trueNegatives({ judge, rejects }))) {
  console.log(hard_negatives, _rareflow);
}
