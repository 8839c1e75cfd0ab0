// ReasonDistill alone: a teacher reasons over a question and its shuffled documents, in a record with custom keys.
// Run it: npx tsx examples/reasonDistill.ts
import { createModel, reasonDistill } from '../src/index.js';

const records = [
  {
    passage: 'A dough at 5 °C ferments about ten times more slowly than one at 25 °C, and the acids go on forming.',
    question: 'How should a baker who mixes at noon and bakes next morning keep the dough?',
    scenario: 'A small bakery mixes its dough at noon and fires its oven at five the next morning.',
    others: ['An oven loses heat through its door.', 'Rye holds more water than wheat.'],
  },
];

const distill = reasonDistill({
  model: createModel({ model: 'offline' }),
  textKey: 'passage',
  negativesKey: 'others',
  seed: 7,
});
for await (const { reasoning, _rareflow } of distill(records)) console.log(reasoning, '\n', _rareflow);
