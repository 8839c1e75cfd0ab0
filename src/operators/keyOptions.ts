import { defaultKeys } from '../record.js';
import { key, text } from '../util/options.js';

/** The keys of the records, each under one name in every operator. The aliases are their earlier names. */
export const keyOptions = {
  textKey: key(defaultKeys.text, {
    help: 'the key of the document, which is the positive of its questions; data.text is a path, title,text are joined',
    group: 'Keys',
    aliases: ['inputKey', 'inputTextKey'],
  }),
  titleKey: text({
    help: "the key of the document's title, which goes before its text in prompts and in searches",
    placeholder: '<key>',
    defaultText: 'none',
    group: 'Keys',
  }),
  questionKey: key(defaultKeys.question, {
    help: 'the key of the question',
    group: 'Keys',
    aliases: ['inputQuestionKey', 'outputQuestionKey'],
  }),
  scenarioKey: key(defaultKeys.scenario, {
    help: "the key of the scenario; '' for records without scenarios",
    group: 'Keys',
    aliases: ['inputScenarioKey', 'outputScenarioKey'],
  }),
  negativesKey: key(defaultKeys.hardNegatives, {
    help: 'the key of the list of negatives',
    group: 'Keys',
    aliases: ['outputNegativesKey', 'inputHardnegKey'],
  }),
  reasoningKey: key(defaultKeys.reasoning, {
    help: "the key of the teacher's answer",
    group: 'Keys',
    aliases: ['outputKey'],
  }),
  idKey: key(defaultKeys.id, { help: "the key of the document's id; may be a path", group: 'Keys' }),
  positivesKey: text({
    help: 'the key of a list of further positives, if records have one: texts, ids or objects {id, text}',
    placeholder: '<key>',
    group: 'Keys',
    aliases: ['inputPositivesKey'],
  }),
};
