import { type QuestionCriterion, questionCriteria } from '../../record.js';
import { key, value, wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { annotateOption, chatModelOption, languageOption, maxAttemptsOption } from '../modelOptions.js';
import { recordOptions } from '../recordOptions.js';

const { textKey, titleKey, questionKey, scenarioKey } = keyOptions;

/** The options that decide which questions are kept. */
export const questionVerdictOptions = {
  require: value<QuestionCriterion[]>(
    {
      help: `reject a record whose question fails one of these: ${questionCriteria.join(', ')}`,
      defaultText: 'all of them',
      placeholder: '<name,...>',
      group: 'Judges',
    },
    {
      expected: `names of ${questionCriteria.join(', ')}, separated by commas`,
      accepts: (given) => Array.isArray(given) && given.every((one) => questionCriteria.includes(one)),
      parse: (given) => given.split(','),
    },
  ),
  annotate: annotateOption,
  questionJudgementKey: key('question_judgement', { help: 'the key of the verdicts on a question', group: 'Keys' }),
};

export const judgeQuestionsOptions = {
  model: chatModelOption,
  ...questionVerdictOptions,
  maxAttempts: maxAttemptsOption,
  seed: wholeNumber({ help: 'seeds the ids under which a judge sees the documents', default: 0, min: 0 }),
  language: languageOption,
  textKey,
  titleKey,
  questionKey,
  scenarioKey,
  ...recordOptions,
};
