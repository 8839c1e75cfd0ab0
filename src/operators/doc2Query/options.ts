import { choice, wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import {
  chatModelOption,
  languageOption,
  maxAttemptsOption,
  promptTemplateOption,
  servedModelOption,
} from '../modelOptions.js';
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
  documentMentions: choice(['keep', 'reject', 'ignore'], {
    help: 'a question that refers to its document ("the passage") is asked for once more; if the next one does too, keep it with a warning or reject the record; ignore: do not ask again',
    default: 'keep',
    group: 'Questions',
  }),
  language: languageOption,
  promptTemplate: promptTemplateOption(['text'], ['queriesPerDoc']),
  textKey,
  titleKey,
  questionKey,
  scenarioKey,
  servedModel: servedModelOption,
  ...recordOptions,
};
