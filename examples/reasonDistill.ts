// ReasonDistill alone: a teacher reasons over a question and its shuffled documents; a record of one's own keys.
// Run it: npx tsx examples/reasonDistill.ts
import { createModel, reasonDistill } from '../src/index.js';

async function* source() {
  yield {
    passage: 'A dough at 5 °C ferments about ten times more slowly than one at 25 °C, and the acids go on forming.',
    question: 'How should a baker who mixes at noon and bakes next morning keep the dough?',
    scenario: 'A small bakery mixes its dough at noon and fires its oven at five the next morning.',
    others: ['An oven loses heat through its door.', 'Rye holds more water than wheat.'],
  };
}

const distill = reasonDistill({
  model: createModel({ model: 'offline' }),
  inputTextKey: 'passage',
  inputHardnegKey: 'others',
  seed: 7,
});
for await (const { reasoning, _rareflow } of distill(source())) console.log(reasoning, '\n', _rareflow);
