import { wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { chatModelOption, languageOption, maxAttemptsOption, promptTemplateOption } from '../modelOptions.js';
import { recordOptions } from '../recordOptions.js';

const { textKey, titleKey, questionKey, scenarioKey } = keyOptions;

export const doc2QueryOptions = {
  model: chatModelOption,
  queriesPerDoc: wholeNumber({
    help: 'questions for each document; each becomes a record of its own',
    default: 1,
    group: 'Questions',
  }),
  maxAttempts: maxAttemptsOption,
  language: languageOption,
  promptTemplate: promptTemplateOption(['text'], ['queriesPerDoc']),
  textKey,
  titleKey,
  questionKey,
  scenarioKey,
  ...recordOptions,
};
