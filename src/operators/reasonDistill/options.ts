import { wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { chatModelOption, languageOption, promptTemplateOption } from '../modelOptions.js';
import { recordOptions } from '../recordOptions.js';

const { textKey, titleKey, questionKey, scenarioKey, negativesKey, reasoningKey } = keyOptions;

export const reasonDistillOptions = {
  model: chatModelOption,
  seed: wholeNumber({ help: 'seeds the order of the documents', default: 0, min: 0 }),
  language: languageOption,
  promptTemplate: promptTemplateOption(['question', 'documents'], ['scenario']),
  textKey,
  titleKey,
  questionKey,
  scenarioKey,
  negativesKey,
  reasoningKey,
  ...recordOptions,
};
