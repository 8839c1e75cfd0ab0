import type { Rejects } from '../flow/rejects.js';
import type { ChatModel } from '../llm/chatModel.js';
import { doc2Query } from '../operators/doc2Query/doc2Query.js';
import { reasonDistill } from '../operators/reasonDistill/reasonDistill.js';
import type { RecordOperator } from '../operators/recordOperator.js';
import { type DataRecord, defaultKeys, isRecord } from '../record.js';
import { documentKey, valueAt } from '../util/keyPath.js';
import { messageKind } from '../util/messageKind.js';

/** The facts of an answer that are counted, by their key in the provenance of a record. */
const countedFacts = ['servedModel', 'finishReason', 'parsed', 'repairs', 'thinking', 'answerFrom', 'cut'] as const;
const summedFacts = ['attempts', 'promptTokens', 'completionTokens', 'reasoningTokens'] as const;

/** The answers of a model to the prompts of a stage, counted. */
export interface StageAnswers {
  stage: string;
  records: number;
  accepted: number;
  /** The requests, and the tokens of the accepted records. */
  sums: Record<(typeof summedFacts)[number], number>;
  /** For each fact, the number of accepted records with each value. */
  counts: Record<(typeof countedFacts)[number], Record<string, number>>;
  /** By kind of reason: how often, and one of them with the start of its answer. */
  rejected: { count: number; reason: string; answer: string | undefined }[];
  seconds: number;
  /** The question or the reasoning of the first accepted record. */
  example: string | undefined;
}

export interface SampleAnswersOptions {
  model: ChatModel;
  concurrency: number;
  textKey: string;
  titleKey?: string | undefined;
  language: 'auto' | 'en' | 'zh';
  /** The number of other documents that the teacher reads beside the right one. Default 3. */
  negatives?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Sends records through the prompts of doc2Query and reasonDistill, and describes the answers: how they were read, what
 * they were rejected for, what they took. The other documents of the sample stand for the negatives.
 *
 * @throws ModelError if the model cannot be used at all
 */
export async function sampleAnswers(
  records: readonly DataRecord[],
  { model, concurrency, textKey, titleKey, language, negatives = 3, signal }: SampleAnswersOptions,
): Promise<StageAnswers[]> {
  const common = { model, concurrency, textKey, titleKey, language, overwrite: true };
  const questions = await askStage('doc2query', records, (rejects) => doc2Query({ ...common, rejects }), signal);
  const key = documentKey({ textKey, titleKey });
  const texts = records.map((record) => valueAt(record, key));
  const withDocuments = questions.made.map((record, at) => {
    const others = texts.filter((text) => text !== valueAt(record, key));
    const shown = Array.from({ length: Math.min(negatives, others.length) }, (_, next) => (at + next) % others.length);
    return { ...record, [defaultKeys.hardNegatives]: shown.map((index) => others[index]) };
  });
  const teacher = (rejects: Rejects) => reasonDistill({ ...common, rejects });
  const reasonings = await askStage('reason_distill', withDocuments, teacher, signal);
  return [questions.answers, reasonings.answers];
}

async function askStage(
  stage: 'doc2query' | 'reason_distill',
  records: readonly DataRecord[],
  operatorOf: (rejects: Rejects) => RecordOperator<unknown>,
  signal: AbortSignal | undefined,
): Promise<{ answers: StageAnswers; made: DataRecord[] }> {
  const answers: StageAnswers = {
    ...{ stage, records: records.length, accepted: 0, rejected: [], seconds: 0, example: undefined },
    sums: { attempts: 0, promptTokens: 0, completionTokens: 0, reasoningTokens: 0 },
    counts: { servedModel: {}, finishReason: {}, parsed: {}, repairs: {}, thinking: {}, answerFrom: {}, cut: {} },
  };
  const made: DataRecord[] = [];
  const kinds = new Map<string, StageAnswers['rejected'][number]>();
  const operator = operatorOf(({ reason, attempts, answer }) => {
    const kind = kinds.get(messageKind(reason)) ?? { count: 0, reason, answer };
    kinds.set(messageKind(reason), { ...kind, count: kind.count + 1 });
    answers.sums.attempts += attempts ?? 0;
  });
  const startedMs = performance.now();
  for await (const record of operator(records, { signal })) made.push(record as DataRecord);
  answers.seconds = (performance.now() - startedMs) / 1000;
  answers.accepted = made.length;
  answers.rejected = [...kinds.values()].sort((a, b) => b.count - a.count);
  const exampleKey = stage === 'doc2query' ? defaultKeys.question : defaultKeys.reasoning;
  answers.example = made[0]?.[exampleKey] as string | undefined;
  for (const record of made) count(answers, record, stage);
  return { answers, made };
}

function count({ sums, counts }: StageAnswers, record: DataRecord, stage: string): void {
  const provenance = record[defaultKeys.provenance] as DataRecord;
  const facts = isRecord(provenance[stage]) ? provenance[stage] : {};
  for (const name of summedFacts) sums[name] += Number(facts[name] ?? 0);
  for (const name of countedFacts) {
    for (const value of [facts[name] ?? []].flat()) {
      counts[name][String(value)] = (counts[name][String(value)] ?? 0) + 1;
    }
  }
}
