import { RejectError } from '../../errors.js';
import type { Operator } from '../../flow/operator.js';
import { addUsage, type ChatModel, type Usage } from '../../llm/chatModel.js';
import { type DataRecord, defaultKeys } from '../../record.js';
import { requireWholeNumber } from '../../util/check.js';
import { promptLanguage } from '../../util/language.js';
import { provenanceOf } from '../provenance.js';
import { type RecordOptions, recordOperator, textProblem } from '../recordOperator.js';
import { checkTemplate, type PromptOptions, versionOf } from '../template.js';
import { parse, render, renderAgain, requiredPlaceholders, schemaFor, version } from './prompt.js';

export interface Doc2QueryOptions extends RecordOptions, PromptOptions {
  model: ChatModel;
  /** Default `text`. */
  inputKey?: string | undefined;
  /** Default `question`. */
  outputQuestionKey?: string | undefined;
  /** Default `scenario`. */
  outputScenarioKey?: string | undefined;
  /**
   * How many answers are paid for at most, until one can be read, those among them that are blank or cut off. Default 3. What
   * gave no answer (a rate limit, a lost connection) does not count: the model has attempts of its own for that.
   */
  maxAttempts?: number | undefined;
  /** Questions per document; each becomes a record of its own. Default 1. */
  queriesPerDoc?: number | undefined;
}

/**
 * Doc2Query: asks a model for a question that needs reasoning, and the scenario it lives in, for each document.
 *
 * Adds `question` and `scenario`. An answer that cannot be read is asked for again, `maxAttempts` answers in all, then the
 * record is rejected with the last one. Models that can be held to a JSON schema are; a prompt of your own is sent without one:
 * it holds `{{text}}` and asks for `{"hard_query": {"question", "scenario"}}`.
 * Throws UsageError for options out of range, ModelError when the model cannot be used at all.
 */
export function doc2Query(options: Doc2QueryOptions): Operator<object, DataRecord> {
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
  requireWholeNumber('maxAttempts', maxAttempts);
  requireWholeNumber('queriesPerDoc', queriesPerDoc);
  if (template !== undefined) checkTemplate(template, requiredPlaceholders);
  const stage = 'doc2query';
  const promptVersion = versionOf(version, template);
  const schema = template === undefined ? schemaFor(queriesPerDoc) : undefined;

  /** A question without a scenario must not keep the scenario of an earlier one. */
  const scenarioField = (record: DataRecord, scenario: string | undefined): DataRecord =>
    scenario === undefined && record[outputScenarioKey] === undefined ? {} : { [outputScenarioKey]: scenario };

  return recordOperator(
    {
      stage,
      inputs: [{ key: inputKey, option: 'inputKey', problem: textProblem }],
      outputs: [outputQuestionKey, outputScenarioKey],
    },
    recordOptions,
    async (record, signal) => {
      const text = record[inputKey] as string;
      const promptIn = language === 'auto' ? promptLanguage(text) : language;
      const first = render({ text, language: promptIn, queriesPerDoc, template });
      let messages = first;
      let answers = 0;
      let attempts = 0;
      let usage: Usage | undefined;
      let last: string | undefined;
      let cached = true;
      for (;;) {
        const request = { messages, schema, stage, maxAnswers: maxAttempts - answers, sample: answers };
        const completion = await model.complete(request, { signal }).catch((error: unknown) => {
          throw error instanceof RejectError && answers > 0 ? afterEarlier(error, attempts, last) : error;
        });
        answers += completion.answers ?? 1;
        attempts += completion.attempts;
        usage = addUsage(usage, completion.usage);
        cached &&= completion.cached === true;
        last = completion.text;
        const answer = parse(last);
        if (answer.ok) {
          const made = { ...provenanceOf({ ...completion, attempts }, promptVersion), parsed: answer.parsed };
          return answer.queries.slice(0, queriesPerDoc).map(({ question, scenario }, place) => ({
            fields: { [outputQuestionKey]: question, ...scenarioField(record, scenario) },
            provenance:
              place === 0 ? { ...made, ...usage, ...(cached && { cached }) } : { ...made, sharesAnswer: true },
          }));
        }
        if (answers >= maxAttempts) {
          const unread = answers === 1 ? 'the answer could not be read' : `none of ${answers} answers could be read`;
          throw new RejectError(`${unread}: ${answer.reason}`, { attempts, answer: last });
        }
        messages = renderAgain(first, last, answer.reason, promptIn);
      }
    },
  );
}

/** The model gave up on a re-ask: what was asked for before it counts too. */
function afterEarlier({ message, hint, cause, attempts = 1, answer }: RejectError, earlier: number, last?: string) {
  return new RejectError(message, { hint, cause, attempts: earlier + attempts, answer: answer ?? last });
}
