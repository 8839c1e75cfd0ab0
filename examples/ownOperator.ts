// A custom operator: a judge reads each mined negative, and the operator removes those that answer the question after all.
// recordOperator does the rest: it checks keys, and has rejects, concurrency, order, backpressure and provenance.
// Run it: npx tsx examples/ownOperator.ts
import { from } from 'ix/asynciterable';
import {
  type ChatModel,
  type RecordOptions,
  type Reject,
  RejectError,
  recordOperator,
  textInput,
  textListInput,
} from '../src/index.js';

/** Removes the negatives that, says the judge, answer the question of a record; rejects a record that has none left. */
function trueNegatives({ judge, ...options }: RecordOptions & { judge: ChatModel }) {
  const stage = 'true_negatives';
  const inputs = [textInput('question'), textListInput('hard_negatives')] as const;
  return recordOperator({ stage, inputs, outputs: [] }, options, async (record, signal) => {
    const verdicts = await Promise.all(
      record.hard_negatives.map(async (passage) => {
        const content = `Question: ${record.question}\nPassage: ${passage}\nDoes the passage answer it? Say yes or no.`;
        const { text } = await judge.complete({ messages: [{ role: 'user', content }], stage }, { signal });
        return /^\W*(yes|no)\b/i.exec(text)?.[1]?.toLowerCase();
      }),
    );
    if (verdicts.includes(undefined)) throw new RejectError('the judge said neither yes nor no');
    const kept = record.hard_negatives.filter((_, index) => verdicts[index] === 'no');
    const removed = record.hard_negatives.length - kept.length;
    if (kept.length === 0) throw new RejectError(`all ${removed} negatives answer the question`);
    return [{ fields: { hard_negatives: kept }, provenance: { judge: judge.name, removed } }];
  });
}

/** A model is any object with a name and `complete`. This one knows a single answer; createModel makes others. */
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
const rejects = ({ stage, reason }: Reject) => console.log(`${stage}: ${reason}`);
for await (const { hard_negatives, _rareflow } of from(records).pipe(trueNegatives({ judge, rejects }))) {
  console.log(hard_negatives, _rareflow);
}
