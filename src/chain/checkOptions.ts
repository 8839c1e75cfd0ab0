import { type ChatModel, isChatModel } from '../llm/chatModel.js';
import { BenchmarkNgrams } from '../operators/decontaminate/benchmarkNgrams.js';
import { filterDocumentsOptions } from '../operators/filterDocuments/options.js';
import { negativeVerdictOptions } from '../operators/judgeNegatives/options.js';
import { questionVerdictOptions } from '../operators/judgeQuestions/options.js';
import { object, omit, onOff } from '../util/options.js';

/** The options that turn on the stages of `rareChain` that check data. */
export const checkOptions = {
  filterDocuments: onOff({
    help: 'first leave out documents as filter-documents does',
    default: false,
    group: 'Documents',
  }),
  judgeQuestions: onOff({
    help: 'judge each question, as judge-questions does, before negatives are mined for it',
    default: false,
    group: 'Judges',
  }),
  judgeNegatives: onOff({
    help: 'judge the mined negatives, as judge-negatives does',
    default: false,
    group: 'Judges',
  }),
};

/** The options of each of these stages, which need it. */
export const checkRules = {
  filterDocuments: omit(filterDocumentsOptions, 'textKey', 'rejects'),
  judgeQuestions: questionVerdictOptions,
  judgeNegatives: negativeVerdictOptions,
};

/** The benchmarks with which documents and questions are compared. */
export const benchmarksOption = {
  benchmarks: object<BenchmarkNgrams>()(
    { help: 'leave out documents, and then questions, that share an n-gram with these benchmarks' },
    { expected: 'a BenchmarkNgrams', accepts: (value) => value instanceof BenchmarkNgrams },
  ),
};

const aChatModel = { expected: 'a ChatModel', accepts: isChatModel };

export const judgeModelOptions = {
  judgeModel: object<ChatModel>()({ help: 'the model that judges', defaultText: 'model' }, aChatModel),
  confirmModel: object<ChatModel>()(
    { help: 'a second model, which reads only the negatives that the first one flagged' },
    aChatModel,
  ),
};
