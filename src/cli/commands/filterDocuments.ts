import { filterDocumentsOptions } from '../../operators/filterDocuments/options.js';
import { omit, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { outputOptions } from '../options/output.js';
import { inputOptions } from '../options/stream.js';

const operatorFlags = omit(filterDocumentsOptions, 'keep', 'rejects');
const options = { ...operatorFlags, ...outputOptions, ...inputOptions };

export const filterDocumentsCommand = command({
  name: 'filter-documents',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Keep the documents worth asking about: no duplicates, no fragments, no boilerplate',
  options,
  examples: [
    'rareflow filter-documents corpus.jsonl -o kept.jsonl --min-words 50',
    'rareflow filter-documents corpus.jsonl -o kept.jsonl --languages Latin,Chinese --duplicate-share 0.7',
  ],
  async run(inputs, flags) {
    const [{ filterDocuments }, { runStream }] = await Promise.all([
      import('../../operators/filterDocuments/filterDocuments.js'),
      import('../run/streamRun.js'),
    ]);
    const operator = filterDocuments(valuesOf(operatorFlags, flags));
    const stages = [{ name: 'filter_documents', operator, recalls: true, isFilter: true }];
    return runStream({ inputs, flags, stages, shape: { command: 'filter-documents', options } });
  },
});
