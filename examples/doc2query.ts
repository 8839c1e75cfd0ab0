// Doc2Query alone: a question and a scenario for each document; rejects go to a list. Run it: npx tsx examples/doc2query.ts
import { createModel, doc2Query, type Reject } from '../src/index.js';

const documents = [
  { id: 'tide', text: 'Spring tides come when sun and moon pull along one line, at new and at full moon.' },
  { id: 'blank', text: ' ' },
  { id: 'yeast', text: 'Yeast turns sugar into gas and alcohol; a colder dough rises slowly and tastes of more.' },
];
const rejected: Reject[] = [];

const questions = doc2Query({ model: createModel({ model: 'offline' }), rejects: (one) => void rejected.push(one) });
for await (const { id, question, scenario } of questions(documents)) console.log({ id, question, scenario });
for (const { stage, reason } of rejected) console.log(`${stage} rejected a record: ${reason}`);
