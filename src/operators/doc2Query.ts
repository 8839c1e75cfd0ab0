import { createHash } from 'node:crypto';
import { RejectError, UsageError } from '../errors.js';
import type { Operator } from '../flow/operator.js';
import type { ChatModel, Usage } from '../llm/chatModel.js';
import { type DataRecord, defaultKeys } from '../record.js';
import { parse, render, renderAgain, requiredPlaceholders, version } from './doc2Query.prompt.js';
import { type PromptLanguage, promptLanguage } from './language.js';
import { type RecordOptions, recordOperator, textProblem } from './recordOperator.js';
import { checkTemplate, type PromptTemplate } from './template.js';

export interface PromptOptions {
  /** The prompt's language. Default `auto`: Chinese for a text in Chinese, English otherwise. */
  language?: PromptLanguage | 'auto' | undefined;
  /** A prompt of your own in place of ours, with its placeholders in double braces. */
  promptTemplate?: PromptTemplate | undefined;
}

export interface Doc2QueryOptions extends RecordOptions, PromptOptions {
  model: ChatModel;
  /** Default `text`. */
  inputKey?: string | undefined;
  /** Default `question`. */
  outputQuestionKey?: string | undefined;
  /** Default `scenario`. */
  outputScenarioKey?: string | undefined;
  /** How many answers are paid for at most, until one can be read. Default 3. */
  maxAttempts?: number | undefined;
  /** Questions per document; each becomes a record of its own. Default 1. */
  queriesPerDoc?: number | undefined;
}

/**
 * Doc2Query: asks a model for a question that needs reasoning, and the scenario it lives in, for each document.
 *
 * Adds `question` and `scenario`. An answer that cannot be read is asked for again, `maxAttempts` answers in all, then the
 * record is rejected. A prompt of your own holds `{{text}}` and asks for `{"hard_query": {"question", "scenario"}}`.
 * Throws UsageError for options out of range, ModelError when the model cannot be used at all.
 */
export function doc2Query(options: Doc2QueryOptions): Operator<DataRecord, DataRecord> {
  const {
    model,
    inputKey = defaultKeys.text,
    outputQuestionKey = defaultKeys.question,
    outputScenarioKey = defaultKeys.scenario,
    maxAttempts = 3,
    queriesPerDoc = 1,
    language = 'auto',
    promptTemplate: template,
    ...recordOptions
  } = options;
  if (!(maxAttempts >= 1)) throw new UsageError(`maxAttempts must be at least 1, got ${maxAttempts}`);
  if (!(queriesPerDoc >= 1)) throw new UsageError(`queriesPerDoc must be at least 1, got ${queriesPerDoc}`);
  if (template !== undefined) checkTemplate(template, requiredPlaceholders);
  const stage = 'doc2query';
  const promptVersion = versionOf(version, template);

  return recordOperator(
    {
      stage,
      inputs: [{ key: inputKey, option: 'inputKey', problem: textProblem }],
      outputs: [outputQuestionKey, outputScenarioKey],
    },
    recordOptions,
    async (record, signal) => {
      const text = record[inputKey] as string;
      const asked = language === 'auto' ? promptLanguage(text) : language;
      const first = render({ text, language: asked, queriesPerDoc, template });
      const usage: Usage = { promptTokens: 0, completionTokens: 0 };
      let messages = first;
      for (let attempt = 1; ; attempt++) {
        const completion = await model.complete({ messages, stage }, { signal });
        usage.promptTokens += completion.usage.promptTokens;
        usage.completionTokens += completion.usage.completionTokens;
        const answer = parse(completion.text);
        if (answer.ok) {
          return answer.queries.slice(0, queriesPerDoc).map(({ question, scenario }) => ({
            fields: { [outputQuestionKey]: question, ...(scenario && { [outputScenarioKey]: scenario }) },
            provenance: {
              model: completion.model,
              prompt: promptVersion,
              attempts: attempt,
              parsed: answer.parsed,
              finishReason: completion.finishReason,
              ...usage,
            },
          }));
        }
        if (attempt >= maxAttempts) {
          const answers = attempt === 1 ? 'the answer' : `none of ${attempt} answers`;
          throw new RejectError(`${answers} could be read: ${answer.reason}`, {
            attempts: attempt,
            answer: completion.text,
          });
        }
        messages = renderAgain(first, completion.text, answer.reason, asked);
      }
    },
  );
}

/** The prompt's version for provenance: ours by name, the user's own by its hash. */
export function versionOf(ours: string, template: PromptTemplate | undefined): string {
  if (template === undefined) return ours;
  return `custom-${createHash('sha256').update(template).digest('hex').slice(0, 12)}`;
}
