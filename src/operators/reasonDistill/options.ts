import { type ChatModel, isChatModel } from '../../llm/chatModel.js';
import { choice, key, number, object, onOff, wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { chatModelOption, languageOption, promptTemplateOption, servedModelOption } from '../modelOptions.js';
import { recordOptions } from '../recordOptions.js';

const { textKey, titleKey, questionKey, scenarioKey, negativesKey, reasoningKey } = keyOptions;

const samplesGroup = 'Samples';

/** The options of sampling until an answer is accepted. */
export const sampleOptions = {
  samples: wholeNumber({
    help: 'ask for at most this many answers until one is accepted',
    default: 1,
    group: samplesGroup,
  }),
  accept: choice(['answer', 'agreement', 'judge'], {
    help: 'which answers are accepted: answer, those with the answer that the record holds; agreement, one that two samples give; judge, those that a model finds grounded, sound and to the point',
    defaultText: 'any',
    placeholder: '<how>',
    group: samplesGroup,
  }),
  sampleTemperature: number({
    help: 'the temperature of samples after the first',
    default: 0.95,
    min: 0,
    group: samplesGroup,
  }),
  sampleTopP: number({
    help: 'the nucleus of samples after the first',
    default: 0.7,
    above: 0,
    max: 1,
    group: samplesGroup,
  }),
  keepRefused: onOff({
    help: 'keep a record whose samples were all refused, with the label false',
    default: false,
    group: samplesGroup,
  }),
  answerKey: key('answer', {
    help: 'the key of the right answer: a text, a number or a list of them',
    group: samplesGroup,
  }),
  acceptedKey: key('label', { help: 'the key that says if the reasoning was accepted', group: samplesGroup }),
  refusedKey: key('refused_reasoning', { help: 'the key of the list of refused samples', group: samplesGroup }),
};

export const reasonDistillOptions = {
  model: chatModelOption,
  judgeModel: object<ChatModel>()(
    { help: 'the model that accepts', defaultText: 'model' },
    { expected: 'a ChatModel', accepts: isChatModel },
  ),
  ...sampleOptions,
  seed: wholeNumber({ help: 'seeds the order of the documents', default: 0, min: 0 }),
  language: languageOption,
  promptTemplate: promptTemplateOption(['question', 'documents'], ['scenario']),
  textKey,
  titleKey,
  questionKey,
  scenarioKey,
  negativesKey,
  reasoningKey,
  servedModel: servedModelOption,
  ...recordOptions,
};
