import { bm25HardNeg } from '../../operators/bm25HardNeg.js';
import type { Weighting } from '../../search/searcher.js';
import type { CommandSpec } from '../commandSpec.js';
import {
  hardNegOptions,
  key,
  option,
  readOptions,
  recordOptions,
  searchThreadsOption,
  writeOptions,
} from '../options.js';
import { operatorOptions, type RecordFlags, runStream, type StreamFlags } from '../streamRun.js';

interface Flags extends StreamFlags, RecordFlags {
  index: string;
  numNeg: number;
  threads: number;
  weighting: Weighting;
  requirePositive: boolean;
  inputQuestionKey: string;
  inputTextKey: string;
  idKey: string;
  outputNegativesKey: string;
}

export const bm25HardNegCommand: CommandSpec = {
  name: 'bm25-hard-neg',
  args: '[input...]',
  summary: 'Find the documents that look relevant to each question and are not its own',
  options: [
    option('--index <path>', 'the index of the corpus, made by rareflow index').makeOptionMandatory(),
    ...hardNegOptions(),
    searchThreadsOption(),
    key('--input-question-key <key>', 'the key of the question', 'question'),
    key('--input-text-key <key>', 'the key of the positive document', 'text'),
    key('--id-key <key>', "the key of the positive document's id", 'id'),
    key('--output-negatives-key <key>', 'the key to write the list of negatives to', 'hard_negatives'),
    ...recordOptions(),
    ...readOptions(),
    ...writeOptions(),
  ],
  examples: ['rareflow bm25-hard-neg questions.jsonl --index corpus.bm25 -o mined.jsonl --num-neg 5'],
  async run(inputs: string[], flags: Flags) {
    const { openIndex } = await import('../../search/bm25Index.js');
    const index = await openIndex(flags.index, { threads: flags.threads });
    try {
      const operator = bm25HardNeg({ ...operatorOptions(flags), index });
      return await runStream({ inputs, flags, stages: [{ name: 'bm25_hard_neg', operator }] });
    } finally {
      await index.close();
    }
  },
};
