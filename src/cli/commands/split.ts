import { splitOptions } from '../../operators/split/options.js';
import { omit, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { outputOptions } from '../options/output.js';
import { inputOptions } from '../options/stream.js';

const operatorFlags = omit(splitOptions, 'rejects');
const options = { ...operatorFlags, ...outputOptions, ...inputOptions };

export const splitCommand = command({
  name: 'split',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Split long documents into passages',
  options,
  examples: [
    'rareflow split corpus.jsonl -o passages.jsonl --max-words 200 --overlap 40',
    "rareflow split 'docs/*.md' --by headings | rareflow index -o docs.bm25 --group-key parent",
  ],
  async run(inputs, flags) {
    const [{ split }, { inputPaths }, { runStream }] = await Promise.all([
      import('../../operators/split/split.js'),
      import('../run/streamFiles.js'),
      import('../run/streamRun.js'),
    ]);
    const files = await inputPaths(inputs, { documentsOnly: true });
    const operator = split(valuesOf(operatorFlags, flags));
    return runStream({
      ...{ inputs: files, flags, shape: { command: 'split', options }, keys: [flags.textKey, flags.idKey] },
      ...{ stages: [{ name: 'split', operator }], extraLabel: 'further passages' },
    });
  },
});
