import { UsageError } from '../../../errors.js';
import { concurrencyOption } from '../../../flow/options.js';
import { modelOptions, type StageModel } from '../../../llm/options.js';
import { type Option, pick, text } from '../../../util/options.js';
import { extraBodyOption } from './extraBody.js';

const perStage = {
  model: text({ help: 'the model', placeholder: '<name>' }),
  baseUrl: modelOptions.baseUrl,
  apiKeyEnv: text({ help: 'the environment variable that holds the key for its server', placeholder: '<name>' }),
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

function prefixed<const P extends string>(prefix: P, of: string): Prefixed<P> {
  const own = Object.entries(perStage).map(([name, option]) => [
    `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    {
      ...option,
      help: `${option.help}, for ${of}`,
      ...{ presence: 'optional', default: undefined, defaultText: "the run's", group: 'Stage models', aliases: [] },
      shapesRecords: shaping.has(name),
    },
  ]);
  return Object.fromEntries(own) as Prefixed<P>;
}

/** The stages that may name a model: the prefix of their flags, and their name in a configuration's `models`. */
const stages = [
  { stage: 'doc2query', prefix: 'doc2query', configured: 'questions', command: 'doc2query' },
  { stage: 'reason_distill', prefix: 'reasonDistill', configured: 'teacher', command: 'reason-distill' },
] as const;

/** `--doc2query-model`, `--reason-distill-model` and what belongs to them. */
export const stageModelFlags = {
  ...prefixed('doc2query', 'questions'),
  ...prefixed('reasonDistill', 'the teacher'),
};

/** The flags that one stage sets, under the names of `perStage`. */
export type OwnFlags = Omit<StageModel, 'apiKey' | 'keyName'> & { apiKeyEnv?: string | undefined };

/** Returns what each stage sets for itself, by its name; stages that set nothing are left out. */
export function ownFlagsOf(flags: object): [stage: string, own: OwnFlags][] {
  return stages.flatMap(({ stage, prefix }): [string, OwnFlags][] => {
    const own = Object.keys(perStage).map((name) => [
      name,
      (flags as Record<string, unknown>)[`${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`],
    ]);
    const given = own.filter(([, value]) => value !== undefined);
    return given.length === 0 ? [] : [[stage, Object.fromEntries(given)]];
  });
}

/** Returns the model of the first stage if each stage has a model of its own, so that the run needs none. */
export function modelOfStages(flags: object): string | undefined {
  const models = ownFlagsOf(flags).map(([, { model }]) => model);
  return models.length === stages.length && models.every((model) => model !== undefined) ? models[0] : undefined;
}

/**
 * Spreads `models: { questions: {…}, teacher: {…} }` of a configuration over the options of a command: `run` has options for
 * each, and the command of one stage takes them as its own. Throws UsageError for another name.
 */
export function spreadModels(models: unknown, command: string): Record<string, unknown> {
  if (models === undefined) return {};
  const values: Record<string, unknown> = {};
  for (const [name, own] of Object.entries(models as Record<string, unknown>)) {
    const known = stages.find(({ configured }) => configured === name);
    if (known === undefined || typeof own !== 'object' || own === null || Array.isArray(own)) {
      throw new UsageError(
        `models must be an object with the keys questions and teacher, got ${JSON.stringify(name)}`,
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
      if (command === known.command) values[key] = value;
      else if (command === 'run') values[`${known.prefix}${key.charAt(0).toUpperCase()}${key.slice(1)}`] = value;
    }
  }
  return values;
}
