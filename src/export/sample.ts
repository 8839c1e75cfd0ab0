import { RejectError } from '../errors.js';
import { sampleOptions } from '../operators/reasonDistill/options.js';
import { type DataRecord, defaultKeys, isRecord, isText } from '../record.js';
import { documentKey, valueAt } from '../util/keyPath.js';
import { seededRandom, shuffledOrder } from '../util/random.js';
import { digest } from './documentIds.js';
import type { SampleKeys } from './sampleKeys.js';

/** A document for a retriever. It has no title: those of negatives are not known, and a title would mark the positive. */
export interface Passage {
  id: string;
  text: string;
  /** Its BM25 score for the question, if the record holds it. */
  score?: number | undefined;
}

/** The parts of a record of a finished run. */
export interface TrainingSample {
  queryId: string;
  question: string;
  scenario: string | undefined;
  positive: Passage;
  negatives: Passage[];
  /** The order in which the teacher saw the documents: 0 is the positive, n the n-th negative. */
  order: number[];
  reasoning: string | undefined;
  /** The gold answer, or '' if the record has none. */
  answer: string;
  /** Returns worse answers to the same prompt, at least one. Throws RejectError if the record has none. */
  rejectedAnswers: () => string[];
  /** Returns the label of the reasoning, true for good. Throws RejectError if the record has none. */
  label: () => boolean;
}

/** The key under which reasonDistill keeps the samples that it refused. */
const REFUSED_KEY = sampleOptions.refusedKey.default as string;

/** Reads a record of a finished run. Each format checks what else it needs. Throws RejectError. */
export function readSample(record: DataRecord, keys: SampleKeys): TrainingSample {
  const { textKey, questionKey, negativesKey, labelKey, rejectedKey } = keys;
  const textAt = (key: string) => {
    const value = valueAt(record, key);
    return isText(value) ? value : undefined;
  };
  const text = textAt(documentKey(keys));
  const question = textAt(questionKey);
  if (text === undefined) throw new RejectError(`the key "${textKey}" holds no text`);
  if (question === undefined) throw new RejectError(`the key "${questionKey}" holds no question`);
  const negatives = valueAt(record, negativesKey) ?? [];
  if (!Array.isArray(negatives) || !negatives.every(isText)) {
    throw new RejectError(`the key "${negativesKey}" holds no list of texts`);
  }
  const { own, others } = minedOf(record, negativesKey, negatives.length);
  return {
    queryId: `q-${digest(question, text)}`,
    question,
    scenario: textAt(keys.scenarioKey),
    positive: { id: passageId(valueAt(record, keys.idKey), text), text, score: scoreOf(own) },
    negatives: negatives.map((negative, index) => {
      const mined = others[index];
      return { id: passageId(mined?.id, negative), text: negative, score: scoreOf(mined) };
    }),
    order:
      orderOf(record, negatives.length + 1) ?? shuffledOrder(negatives.length + 1, seededRandom(0, question, text)),
    reasoning: textAt(keys.reasoningKey),
    answer: textAt(keys.answerKey) ?? '',
    rejectedAnswers() {
      const isRefused = record[rejectedKey] === undefined && record[labelKey] === false;
      if (isRefused) throw new RejectError('its own reasoning was refused, so it is not better than another');
      const rejected = [record[rejectedKey] ?? record[REFUSED_KEY] ?? []].flat().filter(isText);
      if (rejected.length === 0) throw new RejectError(`the key "${rejectedKey}" holds no text and no list of texts`);
      return rejected;
    },
    label() {
      const label = record[labelKey];
      if (typeof label === 'boolean') return label;
      throw new RejectError(`the key "${labelKey}" holds no true or false`);
    },
  };
}

function stageOf(record: DataRecord, stage: string): DataRecord {
  const provenance = record[defaultKeys.provenance];
  const details = isRecord(provenance) ? provenance[stage] : undefined;
  return isRecord(details) ? details : {};
}

/** The order that the teacher saw, if the record holds it and it fits. */
function orderOf(record: DataRecord, count: number): number[] | undefined {
  const { order } = stageOf(record, 'reason_distill');
  if (!Array.isArray(order) || order.length !== count) return undefined;
  return order.every((index) => Number.isInteger(index) && index >= 0 && index < count) ? order : undefined;
}

/** Returns the miner's facts about the positive and each negative: from provenance, else from the details. */
function minedOf(record: DataRecord, negativesKey: string, count: number): { own: unknown; others: DataRecord[] } {
  const details = record[`${negativesKey}_details`];
  for (const { negatives, positive } of [stageOf(record, 'bm25_hard_neg'), isRecord(details) ? details : {}]) {
    if (!Array.isArray(negatives) || negatives.length !== count || !negatives.every(isRecord)) continue;
    return { own: positive, others: negatives };
  }
  return { own: undefined, others: [] };
}

function scoreOf(mined: unknown): number | undefined {
  return isRecord(mined) && typeof mined.score === 'number' ? mined.score : undefined;
}

function passageId(id: unknown, text: string): string {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : `doc-${digest(text)}`;
}
