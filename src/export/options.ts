import { rejectsOption } from '../flow/options.js';
import { reasonDistillOptions } from '../operators/reasonDistill/options.js';
import { choice, type OptionsOf, onOff, type Resolved, text, value, wholeNumber } from '../util/options.js';
import { type FormatName, formatReaders } from './formatNames.js';
import { sampleKeyOptions } from './sampleKeys.js';

const formatNames = [...(Object.keys(formatReaders) as FormatName[]), 'beir' as const];

/** The options of `exportRecords`. */
export const exportOptions = {
  format: choice(formatNames, { required: true, help: 'the format of the rows, one of those below' }),
  validation: value<number, { help: string; default: number; placeholder: string }>(
    { placeholder: '<share>', default: 0, help: 'the share of the source documents kept for validation, from 0 to 1' },
    {
      expected: 'a number >= 0 and < 1',
      accepts: (share) => typeof share === 'number' && share >= 0 && share < 1,
      parse: Number,
    },
  ),
  seed: wholeNumber({ min: 0, default: 0, help: 'seeds the choice of these documents' }),
  thinking: choice(['keep', 'wrap', 'drop'], {
    default: 'keep',
    help: "the teacher's thinking: keep both tags, wrap it and remove the tags of the answer, or drop it",
  }),
  scenario: onOff({
    help: 'write the scenario before the question, as some formats do by default',
    helpOff: 'leave the scenario out',
  }),
  systemPrompt: text({ mayBeEmpty: true, help: "replaces the teacher's instructions; '' for none" }),
  systemInUser: onOff({
    help: "write the instructions at the start of the user's message, for models without a system role",
    default: false,
  }),
  instruction: text({
    mayBeEmpty: true,
    help: 'for reasonir: write [instruction, text] pairs, this one for the query and an empty one for documents; for flagembedding: the prompt of each row',
  }),
  scores: onOff({
    help: 'write the BM25 scores of the positive and the negatives, if the records hold them',
    helpOff: 'leave out the BM25 scores of the positive and the negatives',
    default: true,
  }),
  promptTemplate: reasonDistillOptions.promptTemplate,
  numNeg: wholeNumber({ default: 3, help: 'for n-tuple: negatives in each row' }),
  ...sampleKeyOptions,
  rejects: rejectsOption,
};

export type ExportOptions = OptionsOf<typeof exportOptions>;
export type ExportSettings = Resolved<typeof exportOptions>;
