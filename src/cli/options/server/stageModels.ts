import { UsageError } from '../../../errors.js';
import { concurrencyOption } from '../../../flow/options.js';
import { modelOptions, type StageModel } from '../../../llm/options.js';
import { list, type Option, pick, text } from '../../../util/options.js';
import { extraBodyOption } from './extraBody.js';

const perStage = {
  model: text({ help: 'the model', placeholder: '<name>' }),
  baseUrl: modelOptions.baseUrl,
  apiKeyEnv: list({
    help: 'the environment variable that holds the key; once for all its servers, or once for each in order',
    placeholder: '<name>',
  }),
  ...pick(modelOptions, 'temperature', 'topP', 'maxTokens', 'reasoningEffort'),
  extraBody: extraBodyOption,
  attemptTimeoutMs: modelOptions.attemptTimeoutMs,
  concurrency: concurrencyOption,
};

type PerStage = typeof perStage;
type Optional<O> = O extends Option<infer T> ? Option<T, 'optional'> : never;
type Prefixed<P extends string> = {
  [K in keyof PerStage & string as `${P}${Capitalize<K>}`]: Optional<PerStage[K]>;
};

/** The options that shape the answers of a stage. */
const shaping = new Set(['model', 'temperature', 'topP', 'maxTokens', 'reasoningEffort', 'extraBody']);

function prefixed<const P extends string>(prefix: P, of: string, group = 'Stage models'): Prefixed<P> {
  const own = Object.entries(perStage).map(([name, option]) => [
    flagOf(prefix, name),
    {
      ...option,
      help: `${option.help}, for ${of}`,
      ...{ presence: 'optional', default: undefined, defaultText: "the run's", group, aliases: [] },
      shapesRecords: shaping.has(name),
    },
  ]);
  return Object.fromEntries(own) as Prefixed<P>;
}

const flagOf = (prefix: string, name: string) => `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** A model that some stages may have for themselves. */
interface StagesModel {
  /** The stages that ask it, by the names in their requests. */
  stages: string[];
  /** The prefix of its flags, and its name in the `models` of a configuration. */
  prefix: string;
  configured: string;
  /** The commands whose own model it is. */
  commands: string[];
}

/** The models that make data: a run that names both needs no other. */
const makers: StagesModel[] = [
  { stages: ['doc2query'], prefix: 'doc2query', configured: 'questions', commands: ['doc2query'] },
  { stages: ['reason_distill'], prefix: 'reasonDistill', configured: 'teacher', commands: ['reason-distill'] },
];

const judges: StagesModel[] = [
  {
    stages: ['judge_questions', 'judge_negatives', 'accept_reasoning'],
    ...{ prefix: 'judge', configured: 'judge', commands: ['judge-questions', 'judge-negatives'] },
  },
  { stages: ['confirm_negatives'], prefix: 'confirm', configured: 'confirm', commands: [] },
];

const all = [...makers, ...judges];

/** `--doc2query-model`, `--reason-distill-model` and what belongs to them. */
export const stageModelFlags = {
  ...prefixed('doc2query', 'questions'),
  ...prefixed('reasonDistill', 'the teacher'),
};

/** The model that judges, if it is not that of the run. */
export const judgeModelFlags = prefixed('judge', 'judging and accepting', 'Judges');

const confirming = 'reading again the negatives that were flagged';

/** The second model, which reads only what the first one flagged. */
export const confirmModelFlags = {
  ...prefixed('confirm', confirming, 'Judges'),
  confirmModel: text({
    help: 'a second model, which reads only the negatives that the first one flagged, and whose verdict counts',
    placeholder: '<name>',
    defaultText: 'none',
    group: 'Judges',
  }),
};

/** The flags that one stage sets, under the names of `perStage`. */
export type OwnFlags = Omit<StageModel, 'apiKey' | 'keyName'> & { apiKeyEnv?: string | string[] | undefined };

/**
 * Returns what each stage sets for itself, by its name; stages that set nothing are left out. The stages that judge have one
 * object, and so one model.
 */
export function ownFlagsOf(flags: object): [stage: string, own: OwnFlags][] {
  return all.flatMap(({ stages, prefix }) => {
    const own = ownFlags(prefix, flags);
    return own === undefined ? [] : stages.map((stage): [string, OwnFlags] => [stage, own]);
  });
}

function ownFlags(prefix: string, flags: object): OwnFlags | undefined {
  const values = flags as Record<string, unknown>;
  const given = Object.keys(perStage)
    .map((name) => [name, values[flagOf(prefix, name)]])
    .filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** Returns the first flag of the judges' model that is set, such as `judgeModel`; or of the model that confirms. */
export function judgeFlagIn(flags: object, prefix: 'judge' | 'confirm' = 'judge'): string | undefined {
  const [name] = Object.keys(ownFlags(prefix, flags) ?? {});
  return name && flagOf(prefix, name);
}

/** Returns the model of the first stage if each stage that makes data has a model of its own, so that the run needs none. */
export function modelOfStages(flags: object): string | undefined {
  const models = makers.map(({ prefix }) => ownFlags(prefix, flags)?.model);
  return models.every((model) => model !== undefined) ? models[0] : undefined;
}

/**
 * Spreads `models: { questions: {…}, teacher: {…}, judge: {…}, confirm: {…} }` of a configuration over the options of a
 * command: `run` has options for each, and the command of one stage takes them as its own. Throws UsageError for another name.
 */
export function spreadModels(models: unknown, command: string): Record<string, unknown> {
  if (models === undefined) return {};
  const values: Record<string, unknown> = {};
  for (const [name, own] of Object.entries(models as Record<string, unknown>)) {
    const known = all.find(({ configured }) => configured === name);
    if (known === undefined || typeof own !== 'object' || own === null || Array.isArray(own)) {
      throw new UsageError(
        `models must be an object with the keys questions, teacher, judge and confirm, got ${JSON.stringify(name)}`,
        {
          hint: 'models: { questions: { model: "…" }, teacher: { model: "…", baseUrl: "…", apiKeyEnv: "…" } }',
        },
      );
    }
    for (const [key, value] of Object.entries(own)) {
      if (!Object.hasOwn(perStage, key)) {
        throw new UsageError(`models.${name} has no option ${JSON.stringify(key)}`, {
          hint: `its options are ${Object.keys(perStage).join(', ')}`,
        });
      }
      values[known.commands.includes(command) ? key : flagOf(known.prefix, key)] = value;
    }
  }
  return values;
}
