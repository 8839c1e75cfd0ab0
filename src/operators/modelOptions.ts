import { type ChatModel, isChatModel } from '../llm/chatModel.js';
import { choice, type OptionsOf, object, onOff, wholeNumber } from '../util/options.js';
import { missingPlaceholders, type PromptTemplate } from './template.js';

/** The model that an operator asks. */
export const chatModelOption = object<ChatModel>()(
  { help: 'the model that is asked', required: true },
  { expected: "a ChatModel, such as createModel({ model: 'gpt-4o-mini' })", accepts: isChatModel },
);

/** The answers that are paid for until one can be read. */
export const maxAttemptsOption = wholeNumber({
  help: 'pay for at most this many answers until one can be read, including blank ones and those cut off',
  default: 3,
  group: 'Questions',
});

/** Verdicts that change nothing. */
export const annotateOption = onOff({
  help: 'only write the verdicts of judges: reject no record and change no list for them',
  default: false,
  group: 'Judges',
});

export const servedModelOption = onOff({
  help: 'also write the name that the server gives the model: llama-server gives the path of a file',
  default: false,
  group: 'Records',
});

/** The language of our own prompts. */
export const languageOption = choice(['auto', 'en', 'zh'], {
  help: 'the language of the prompts: en, zh, or auto for Chinese if the text is Chinese and English otherwise',
  default: 'auto',
  placeholder: '<code>',
});

/** A custom prompt. It must hold the placeholders in `required`, and may hold those in `optional`. */
export function promptTemplateOption(required: string[], optional: string[]) {
  const inBraces = (names: string[]) => names.map((name) => `{{${name}}}`).join(' and ');
  return object<PromptTemplate>()(
    { help: `a custom prompt with ${inBraces(required)}; it may also hold ${inBraces(optional)}` },
    {
      expected: `a text that holds ${inBraces(required)}`,
      accepts: (template) => typeof template === 'string' && missingPlaceholders(template, required).length === 0,
    },
  );
}

/** Options of every operator that prompts a model. */
export type PromptOptions = OptionsOf<{
  language: typeof languageOption;
  promptTemplate: ReturnType<typeof promptTemplateOption>;
}>;
