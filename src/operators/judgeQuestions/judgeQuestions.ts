import { RejectError } from '../../errors.js';
import { questionCriteria } from '../../record.js';
import { documentKey, valueAt } from '../../util/keyPath.js';
import { promptLanguage } from '../../util/language.js';
import { type OptionsOf, resolveOptions, valuesOf } from '../../util/options.js';
import { askUntilRead } from '../askUntilRead.js';
import { textInput } from '../inputKeys.js';
import { unguessableIds } from '../judgePrompt.js';
import { type ModelProvenance, provenanceOf, tokenProvenance } from '../provenance.js';
import { type Field, type ProvenanceField, type RecordOperator, recordOperator } from '../recordOperator.js';
import { recordOptions } from '../recordOptions.js';
import { judgeQuestionsOptions } from './options.js';
import {
  JUDGE_QUESTIONS_PROMPT_VERSION,
  parseJudgeQuestions,
  type QuestionJudgement,
  questionSchema,
  renderJudgeQuestions,
  renderJudgeQuestionsAgain,
} from './prompt.js';

/** The type parameters are the key written and whether provenance is kept, as literals. */
export interface JudgeQuestionsOptions<JudgementKey extends string = string, Kept extends boolean = boolean>
  extends OptionsOf<typeof judgeQuestionsOptions> {
  questionJudgementKey?: JudgementKey | undefined;
  provenance?: Kept | undefined;
}

/** The provenance of a record under `_rareflow.judge_questions`. */
export type JudgeQuestionsProvenance = ModelProvenance & { cached?: true };

export type JudgeQuestionsFields<JudgementKey extends string, Kept extends boolean> = Field<
  JudgementKey,
  QuestionJudgement
> &
  ProvenanceField<Kept, 'judge_questions', JudgeQuestionsProvenance>;

/**
 * JudgeQuestions: has a model say of each question if it can be understood alone, can be answered from its document, needs reasoning, gives
 * nothing away and has one answer: true or false with a reason, in one call.
 *
 * Adds `question_judgement`. A record whose question fails a criterion in `require` (default: all) is rejected with the
 * judge's reason, unless `annotate` is on.
 *
 * @throws UsageError for options that are unknown, missing or out of range
 * @throws ModelError, while it runs, if the model cannot be used at all
 */
export function judgeQuestions<
  const JudgementKey extends string = 'question_judgement',
  const Kept extends boolean = true,
>(options: JudgeQuestionsOptions<JudgementKey, Kept>): RecordOperator<JudgeQuestionsFields<JudgementKey, Kept>> {
  const settings = resolveOptions('judgeQuestions', judgeQuestionsOptions, options);
  const textKey = documentKey(settings);
  const { model, questionKey, scenarioKey, questionJudgementKey, maxAttempts, seed } = settings;
  const { require: required = questionCriteria, annotate } = settings;
  const stage = 'judge_questions';
  const judge = recordOperator(
    {
      stage,
      inputs: [
        textInput(textKey, 'textKey'),
        textInput(questionKey, 'questionKey'),
        ...(scenarioKey === '' ? [] : [textInput(scenarioKey, 'scenarioKey')]),
      ],
      outputs: [questionJudgementKey],
    },
    valuesOf(recordOptions, settings),
    async (record, signal) => {
      const document = valueAt(record, textKey) as string;
      const question = valueAt(record, questionKey) as string;
      const scenario = scenarioKey === '' ? undefined : (valueAt(record, scenarioKey) as string);
      const language = settings.language === 'auto' ? promptLanguage(question) : settings.language;
      const [id = ''] = unguessableIds(1, seed, [question, scenario ?? '', document]);
      const { value, completion, usage } = await askUntilRead(
        {
          ...{ model, stage, maxAttempts, schema: questionSchema },
          messages: renderJudgeQuestions({ question, scenario, document, id }, language),
          read: (answer) => parseJudgeQuestions(answer, id),
          again: (messages, answer, reason) => renderJudgeQuestionsAgain(messages, answer, reason, language),
        },
        signal,
      );
      const failed = required.find((name) => !value[name].verdict);
      if (failed !== undefined && !annotate) {
        throw new RejectError(`the question fails ${failed}: ${value[failed].reason}`, {
          attempts: completion.attempts,
          answer: completion.text,
        });
      }
      return [
        {
          fields: { [questionJudgementKey]: value },
          provenance: {
            ...provenanceOf(completion, JUDGE_QUESTIONS_PROMPT_VERSION),
            ...tokenProvenance(usage, usage.cached),
          },
        },
      ];
    },
  );
  return judge as unknown as RecordOperator<JudgeQuestionsFields<JudgementKey, Kept>>;
}
