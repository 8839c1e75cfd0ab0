import { searchOptions } from '../../search/options.js';
import { pick, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { indexPathOption, negativesFlags } from '../options/negatives.js';
import { outputOptions } from '../options/output.js';
import { inputOptions } from '../options/stream.js';

const options = {
  index: indexPathOption,
  ...pick(searchOptions, 'threads'),
  ...negativesFlags,
  ...outputOptions,
  ...inputOptions,
};

export const bm25HardNegCommand = command({
  name: 'bm25-hard-neg',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Find the documents that look relevant to each question but are not its own',
  options,
  examples: [
    'rareflow bm25-hard-neg questions.jsonl --index corpus.bm25 -o mined.jsonl --num-neg 5',
    'rareflow bm25-hard-neg questions.jsonl --index corpus.bm25 --sampling top --max-score-ratio 0.95 > mined.jsonl',
  ],
  async run(inputs, flags) {
    const [{ openIndex }, { bm25HardNeg }, { runStream }, { indexIdentity }, { shortfallCounter }] = await Promise.all([
      import('../../search/bm25Index.js'),
      import('../../operators/bm25HardNeg/bm25HardNeg.js'),
      import('../run/streamRun.js'),
      import('../../chain/indexIdentity.js'),
      import('../run/shortfall.js'),
    ]);
    const index = await openIndex(flags.index, { threads: flags.threads });
    try {
      const { onShortfall, lines } = shortfallCounter();
      const operator = bm25HardNeg({ ...valuesOf(negativesFlags, flags), index, onShortfall });
      const stages = [{ name: 'bm25_hard_neg', operator }];
      const shape = { command: 'bm25-hard-neg', options, facts: { index: indexIdentity(index) } };
      return await runStream({ inputs, flags, stages, shape, notes: lines, keys: [flags.textKey, flags.idKey] });
    } finally {
      await index.close();
    }
  },
});
