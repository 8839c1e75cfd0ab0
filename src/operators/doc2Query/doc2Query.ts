import type { HowParsed } from '../../answers/jsonAnswer.js';
import type { JsonRepair } from '../../answers/lenientJson.js';
import type { AnswerSchema } from '../../llm/chatModel.js';
import type { DataRecord } from '../../record.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { promptLanguage } from '../../util/language.js';
import { type OptionsOf, type Resolved, resolveOptions, valuesOf } from '../../util/options.js';
import { askUntilRead } from '../askUntilRead.js';
import { textInput } from '../inputKeys.js';
import { type ModelProvenance, provenanceOf, type TokenProvenance, tokenProvenance } from '../provenance.js';
import { type Field, type ProvenanceField, type RecordOperator, recordOperator } from '../recordOperator.js';
import { recordOptions } from '../recordOptions.js';
import { versionOf } from '../template.js';
import { documentReference } from './mentionsDocument.js';
import { doc2QueryOptions } from './options.js';
import {
  DOC2QUERY_PROMPT_VERSION,
  doc2QuerySchema,
  referenceReason,
  renderDoc2Query,
  renderDoc2QueryAgain,
} from './prompt.js';
import { type Doc2QueryAnswer, type HardQuery, parseDoc2Query } from './queryAnswer.js';

/** The type parameters are the keys written and whether provenance is kept, as literals. */
export interface Doc2QueryOptions<
  QuestionKey extends string = string,
  ScenarioKey extends string = string,
  Kept extends boolean = boolean,
> extends OptionsOf<typeof doc2QueryOptions> {
  questionKey?: QuestionKey | undefined;
  scenarioKey?: ScenarioKey | undefined;
  provenance?: Kept | undefined;
  /** @deprecated Use `textKey`. */
  inputKey?: string | undefined;
  /** @deprecated Use `questionKey`. */
  outputQuestionKey?: QuestionKey | undefined;
  /** @deprecated Use `scenarioKey`. */
  outputScenarioKey?: ScenarioKey | undefined;
}

/** The provenance of a record under `_rareflow.doc2query`. */
export type Doc2QueryProvenance = ModelProvenance & {
  parsed: HowParsed;
  /** The faults of its JSON that were read all the same. */
  repairs: JsonRepair[];
  /** True for all but the first record that one answer made; the first has the tokens. */
  sharesAnswer: boolean;
};

export type Doc2QueryFields<QuestionKey extends string, ScenarioKey extends string, Kept extends boolean> = Field<
  QuestionKey,
  string
> &
  Field<ScenarioKey, string> &
  ProvenanceField<Kept, 'doc2query', Doc2QueryProvenance>;

const STAGE = 'doc2query';

/**
 * Doc2Query: asks a model for a question that needs reasoning, and the scenario in which it comes up, for each document.
 *
 * Adds `question` and `scenario`. If an answer cannot be read the model is asked again, for `maxAttempts` answers in all;
 * then the record is rejected with the last one. Attempts that gave no answer (a rate limit, a lost connection) do not
 * count: the model retries those itself. Our prompt is sent with a JSON schema, for models that can be held to one. A custom
 * prompt is sent without: it asks for `{"hard_query": {"question", "scenario"}}`, or `{"questions": [...]}`, which leaves
 * the records without a scenario.
 *
 * @throws UsageError for options that are unknown, missing or out of range
 * @throws ModelError, while it runs, if the model cannot be used at all
 */
export function doc2Query<
  const QuestionKey extends string = 'question',
  const ScenarioKey extends string = 'scenario',
  const Kept extends boolean = true,
>(
  options: Doc2QueryOptions<QuestionKey, ScenarioKey, Kept>,
): RecordOperator<Doc2QueryFields<QuestionKey, ScenarioKey, Kept>> {
  const settings = resolveOptions('doc2Query', doc2QueryOptions, options);
  const { questionKey, scenarioKey, queriesPerDoc, promptTemplate } = settings;
  const textKey = documentKey(settings);
  const prompting: Prompting = {
    ...settings,
    promptVersion: versionOf(DOC2QUERY_PROMPT_VERSION, promptTemplate),
    schema: promptTemplate === undefined ? doc2QuerySchema(queriesPerDoc) : undefined,
  };

  // A question without a scenario must not keep the scenario of an earlier one, and every record has the same keys.
  const fieldsOf = ({ question, scenario }: HardQuery): DataRecord => ({
    [questionKey]: question,
    ...(scenarioKey !== '' && { [scenarioKey]: scenario ?? null }),
  });

  const addQuestions = recordOperator(
    {
      stage: STAGE,
      inputs: [textInput(textKey, 'textKey')],
      outputs: [questionKey, ...(scenarioKey === '' ? [] : [scenarioKey])],
    },
    valuesOf(recordOptions, settings),
    async (record, signal) => {
      const text = valueAt(record, textKey) as string;
      const { queries, provenance, tokens } = await askForQueries(text, prompting, signal);
      return queries.slice(0, queriesPerDoc).map((query, index) => ({
        fields: fieldsOf(query),
        provenance: { ...provenance, ...(index === 0 ? tokens : tokenProvenance()), sharesAnswer: index > 0 },
      }));
    },
  );
  return addQuestions as unknown as RecordOperator<Doc2QueryFields<QuestionKey, ScenarioKey, Kept>>;
}

interface Prompting extends Resolved<typeof doc2QueryOptions> {
  promptVersion: string;
  schema: AnswerSchema | undefined;
}

interface Made {
  queries: HardQuery[];
  provenance: Omit<Doc2QueryProvenance, keyof TokenProvenance | 'sharesAnswer'>;
  /** The tokens of all answers; `cached` if all came from the cache. */
  tokens: TokenProvenance;
}

/**
 * Asks until an answer can be read, and once more if a question refers to its document. Throws RejectError after `maxAttempts`
 * answers.
 */
async function askForQueries(text: string, prompting: Prompting, signal: AbortSignal): Promise<Made> {
  const { model, queriesPerDoc, maxAttempts, promptTemplate: template, promptVersion, schema } = prompting;
  const { documentMentions, servedModel: keepsServed } = prompting;
  const language = prompting.language === 'auto' ? promptLanguage(text) : prompting.language;
  const { value, completion, usage } = await askUntilRead<ReadQueries>(
    {
      ...{ model, stage: STAGE, schema, maxAttempts },
      messages: renderDoc2Query({ text, language, queriesPerDoc, template }),
      read: (answer) => {
        const made = parseDoc2Query(answer, text);
        if (!made.ok) return made;
        const words = documentMentions === 'ignore' ? undefined : referenceIn(made.queries.slice(0, queriesPerDoc));
        return { ok: true, value: { ...made, words }, doubt: words && referenceReason(words, language) };
      },
      ...(documentMentions === 'reject' && {
        rejectDoubtful: ({ words }) => `the question refers to its document: ${words}`,
      }),
      again: (messages, answer, reason) => renderDoc2QueryAgain(messages, answer, reason, language),
    },
    signal,
  );
  return {
    queries: value.queries,
    provenance: {
      ...provenanceOf({ ...completion, cut: value.cut ?? completion.cut }, promptVersion, { keepsServed }),
      ...{ parsed: value.parsed, repairs: value.repairs ?? [] },
    },
    tokens: tokenProvenance(usage, usage.cached),
  };
}

/** An answer that could be read, and the words of a question that refer to the document. */
type ReadQueries = Extract<Doc2QueryAnswer, { ok: true }> & { words: string | undefined };

/** Returns the words of the first question that refer to a document. */
function referenceIn(queries: HardQuery[]): string | undefined {
  return queries.map(({ question }) => documentReference(question)).find((words) => words !== undefined);
}
