import { searchOptions } from '../../search/options.js';
import { onOff, pick, text, valuesOf } from '../../util/options.js';
import { command } from '../command.js';
import { inputHelp } from '../options/input.js';
import { indexPathOption, negativesFlags } from '../options/negatives.js';
import { outputOptions } from '../options/output.js';
import { inputOptions } from '../options/stream.js';
import { sayNotice } from '../progress/terminal.js';

const options = {
  index: indexPathOption,
  ...pick(searchOptions, 'threads'),
  ...negativesFlags,
  groupQuestions: onOff({
    help: 'read the input twice, so that the documents of one question are not negatives of another record that asks it too',
    helpOff: 'do not look for questions that several records ask',
    defaultText: 'on for files',
    group: 'Negatives',
  }),
  qrels: text({
    help: 'the judgements of a BEIR folder, by which its queries have their documents',
    placeholder: '<file>',
    defaultText: 'FOLDER/qrels/train.tsv, or the only file there',
    group: 'Negatives',
  }),
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
    'rareflow bm25-hard-neg beir/ --index beir.bm25 -o pairs.jsonl',
    'rareflow bm25-hard-neg questions.jsonl --index corpus.bm25 --sampling top --max-score-ratio 0.95 > mined.jsonl',
  ],
  async run(inputs, flags) {
    const [
      { openIndex },
      { bm25HardNeg },
      { mineRows },
      { runStream },
      { indexIdentity },
      { keptCounter, shortfallCounter },
      rows,
    ] = await Promise.all([
      import('../../search/bm25Index.js'),
      import('../../operators/bm25HardNeg/bm25HardNeg.js'),
      import('../../operators/bm25HardNeg/mineRows.js'),
      import('../run/streamRun.js'),
      import('../../chain/indexIdentity.js'),
      import('../run/shortfall.js'),
      import('../run/miningInput.js'),
    ]);
    const index = await openIndex(flags.index, { threads: flags.threads });
    try {
      const { onShortfall, lines } = shortfallCounter();
      const { onKept, lines: keptLines } = keptCounter();
      const { paths, form, details } = await rows.miningInput(inputs, flags, index);
      const sharedPositives = await rows.sharedPositivesOf(paths, flags, form);
      const mine = bm25HardNeg({
        ...valuesOf(negativesFlags, flags),
        ...{ index, onShortfall, onKept, sharedPositives, onNotice: sayNotice },
        ...(details && { details }),
      });
      const stages = [{ name: 'bm25_hard_neg', operator: mineRows(mine, form) }];
      const shape = { command: 'bm25-hard-neg', options, facts: { index: indexIdentity(index) } };
      const notes = () => [...keptLines(), ...lines(), ...rows.sharedLines(sharedPositives)];
      return await runStream({ inputs: paths, flags, stages, shape, notes, keys: [flags.textKey, flags.idKey] });
    } finally {
      await index.close();
    }
  },
});
