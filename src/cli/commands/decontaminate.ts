import { decontaminateOptions } from '../../operators/decontaminate/options.js';
import { list, omit, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { outputOptions } from '../options/output.js';
import { inputOptions } from '../options/stream.js';
import { inputIdentity } from '../run/inputIdentity.js';

const operatorFlags = omit(decontaminateOptions, 'benchmarks', 'rejects');
const options = {
  against: list({
    help: 'the files of benchmarks; every text in their records is compared',
    placeholder: '<file...>',
    required: true,
    shapesRecords: false,
  }),
  ...operatorFlags,
  ...outputOptions,
  ...inputOptions,
};

export const decontaminateCommand = command({
  name: 'decontaminate',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Leave out records that share 13 words with a benchmark',
  options,
  examples: [
    'rareflow decontaminate corpus.jsonl -o clean.jsonl --against bright.jsonl',
    'rareflow decontaminate rare.jsonl -o clean.jsonl --against bright.jsonl --against beir.jsonl.gz --check questions',
  ],
  async run(inputs, flags) {
    const [{ decontaminate }, { readBenchmarks }, { inputPaths }, { runStream }] = await Promise.all([
      import('../../operators/decontaminate/decontaminate.js'),
      import('../../chain/benchmarkFiles.js'),
      import('../run/streamFiles.js'),
      import('../run/streamRun.js'),
    ]);
    const files = await inputPaths([flags.against].flat());
    const operator = decontaminate({ ...valuesOf(operatorFlags, flags), benchmarks: await readBenchmarks(files) });
    const name = flags.check === 'questions' ? 'decontaminate_questions' : 'decontaminate';
    const shape = { command: 'decontaminate', options, facts: { against: files.map(inputIdentity) } };
    return runStream({ inputs, flags, stages: [{ name, operator, isFilter: true }], shape });
  },
});
