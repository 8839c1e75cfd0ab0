import type { ChatModel } from '../../llm/chatModel.js';
import { isChatModel } from '../../llm/chatModel.js';
import { callback, choice, key, object, wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { annotateOption, chatModelOption, languageOption, maxAttemptsOption } from '../modelOptions.js';
import { recordOptions } from '../recordOptions.js';

const { textKey, titleKey, questionKey, negativesKey, positivesKey } = keyOptions;

/** The options that decide which negatives are kept. */
export const negativeVerdictOptions = {
  onFalse: choice(['relabel', 'drop', 'reject'], {
    help: 'what to do with a negative that answers the question: relabel moves it to the positives, drop leaves it out, reject rejects the record; one that partly answers is left out',
    default: 'relabel',
    placeholder: '<how>',
    group: 'Judges',
  }),
  confirmWhen: choice(['needed', 'flagged'], {
    help: 'when the second model of --confirm-model reads what the first flagged: needed, if too few negatives are left without; flagged, always',
    default: 'needed',
    placeholder: '<when>',
    group: 'Judges',
  }),
  annotate: annotateOption,
  negativesJudgementKey: key('negatives_judgement', { help: 'the key of the verdicts on negatives', group: 'Keys' }),
};

export const judgeNegativesOptions = {
  model: chatModelOption,
  confirmModel: object<ChatModel>()(
    { help: 'a second model, which reads only the negatives that the first one flagged, and whose verdict counts' },
    { expected: 'a ChatModel', accepts: isChatModel },
  ),
  numNeg: wholeNumber({ help: 'keep at most this many negatives, the first of the list', defaultText: 'all' }),
  ...negativeVerdictOptions,
  maxAttempts: maxAttemptsOption,
  seed: wholeNumber({ help: 'seeds the order of the documents', default: 0, min: 0 }),
  language: languageOption,
  onShortfall: callback<(missing: number) => void>()({
    help: 'called with how many negatives a record lacks, if it has fewer than numNeg',
  }),
  textKey,
  titleKey,
  questionKey,
  negativesKey,
  positivesKey,
  ...recordOptions,
};
