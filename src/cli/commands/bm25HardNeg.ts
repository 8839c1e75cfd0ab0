import { bm25HardNeg } from '../../operators/bm25HardNeg/bm25HardNeg.js';
import type { CommandSpec } from '../command.js';
import { type HardNegFlags, hardNegOptions, shortfallCounter } from '../options/hardNegOptions.js';
import { key, option } from '../options/option.js';
import {
  inputHelp,
  readOptions,
  recordOptions,
  searchThreadsOption,
  seedOption,
  writeOptions,
} from '../options/options.js';
import { operatorOptions, type RecordFlags, type StreamFlags } from '../options/streamFlags.js';
import { indexIdentity } from '../run/runSettings.js';
import { runStream } from '../run/streamRun.js';

interface Flags extends StreamFlags, RecordFlags, HardNegFlags {
  index: string;
  threads: number;
  seed: number;
  inputQuestionKey: string;
  inputTextKey: string;
  inputScenarioKey: string;
  idKey: string;
  outputNegativesKey: string;
}

export const bm25HardNegCommand: CommandSpec = {
  name: 'bm25-hard-neg',
  group: 'Make data',
  args: { '[input...]': inputHelp },
  summary: 'Find the documents that look relevant to each question and are not its own',
  options: [
    option('--index <path>', 'the index of the corpus, made by rareflow index; required').makeOptionMandatory(),
    searchThreadsOption(),
    seedOption('seeds --sampling random'),
    key('--input-question-key <key>', 'the key that holds the question', 'question'),
    key('--input-text-key <key>', 'the key that holds the positive document', 'text'),
    key('--input-scenario-key <key>', 'the key that holds the scenario, for --query scenario+question', 'scenario'),
    key('--id-key <key>', "the key that holds the positive document's id", 'id'),
    key('--output-negatives-key <key>', 'the key to write the list of negatives to', 'hard_negatives'),
    ...hardNegOptions(),
    ...writeOptions(),
    ...recordOptions(),
    ...readOptions(),
  ],
  examples: [
    'rareflow bm25-hard-neg questions.jsonl --index corpus.bm25 -o mined.jsonl --num-neg 5',
    'rareflow bm25-hard-neg questions.jsonl --index corpus.bm25 --sampling top --max-score-ratio 0.95 > mined.jsonl',
  ],
  async run(inputs: string[], flags: Flags) {
    const { openIndex } = await import('../../search/bm25Index.js');
    const index = await openIndex(flags.index, { threads: flags.threads });
    try {
      const shortfall = shortfallCounter();
      const operator = bm25HardNeg({ ...operatorOptions(flags), index, onShortfall: shortfall.onShortfall });
      const stages = [{ name: 'bm25_hard_neg', operator }];
      const shape = { command: 'bm25-hard-neg', index: indexIdentity(index) };
      return await runStream({ inputs, flags, stages, shape, notes: shortfall.lines });
    } finally {
      await index.close();
    }
  },
};
