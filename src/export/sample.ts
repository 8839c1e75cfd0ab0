import { createHash } from 'node:crypto';
import { RejectError } from '../errors.js';
import { type DataRecord, defaultKeys, isRecord, isText } from '../record.js';
import { seededRandom, shuffledOrder } from '../util/random.js';

/** A document as a retriever knows it. Of negatives no title is known, and one of positives alone would give them away. */
export interface Passage {
  id: string;
  text: string;
}

/** What a record of a finished run tells. */
export interface Sample {
  queryId: string;
  question: string;
  scenario: string | undefined;
  positive: Passage;
  negatives: Passage[];
  /** As the teacher was shown them: 0 is the positive, n the n-th negative. */
  order: number[];
  reasoning: string | undefined;
  /** The gold answer, where the record has one. */
  answer: string;
  /** Whether the reasoning is a good one. Throws RejectError where nobody judged it. */
  label: () => boolean;
}

export interface SampleKeys {
  /** Default `id`. */
  idKey?: string | undefined;
  /** Default `text`. */
  textKey?: string | undefined;
  /** Default `question`. */
  questionKey?: string | undefined;
  /** Default `scenario`. */
  scenarioKey?: string | undefined;
  /** Default `hard_negatives`. */
  negativesKey?: string | undefined;
  /** Default `reasoning`. */
  reasoningKey?: string | undefined;
  /** The gold answer. Default `answer`. */
  answerKey?: string | undefined;
  /** true or false: whether the reasoning is a good one. Default `label`. */
  labelKey?: string | undefined;
}

/** Reads a record of a finished run; what a format needs besides is checked by the format. Throws RejectError. */
export function readSample(record: DataRecord, keys: SampleKeys = {}): Sample {
  const { textKey = defaultKeys.text, questionKey = defaultKeys.question, labelKey = 'label' } = keys;
  const { negativesKey = defaultKeys.hardNegatives } = keys;
  const textAt = (key: string) => (isText(record[key]) ? record[key] : undefined);
  const text = textAt(textKey);
  const question = textAt(questionKey);
  if (text === undefined) throw new RejectError(`the key "${textKey}" holds no text`);
  if (question === undefined) throw new RejectError(`the key "${questionKey}" holds no question`);
  const negatives = record[negativesKey] ?? [];
  if (!Array.isArray(negatives) || !negatives.every(isText)) {
    throw new RejectError(`the key "${negativesKey}" holds no list of texts`);
  }
  const mined = stageOf(record, 'bm25_hard_neg').negatives;
  const minedIds = Array.isArray(mined) ? mined.map((negative) => (isRecord(negative) ? negative.id : undefined)) : [];
  return {
    queryId: `q-${digest(question, text)}`,
    question,
    scenario: textAt(keys.scenarioKey ?? defaultKeys.scenario),
    positive: { id: idOf(record[keys.idKey ?? defaultKeys.id], text), text },
    negatives: negatives.map((negative, place) => ({ id: idOf(minedIds[place], negative), text: negative })),
    order:
      orderOf(record, negatives.length + 1) ?? shuffledOrder(negatives.length + 1, seededRandom(0, question, text)),
    reasoning: textAt(keys.reasoningKey ?? defaultKeys.reasoning),
    answer: textAt(keys.answerKey ?? 'answer') ?? '',
    label() {
      const label = record[labelKey];
      if (typeof label === 'boolean') return label;
      throw new RejectError(`the key "${labelKey}" holds no true or false`);
    },
  };
}

function stageOf(record: DataRecord, stage: string): DataRecord {
  const told = record[defaultKeys.provenance];
  const details = isRecord(told) ? told[stage] : undefined;
  return isRecord(details) ? details : {};
}

/** The order that the teacher was shown, where it was kept and fits. */
function orderOf(record: DataRecord, count: number): number[] | undefined {
  const { order } = stageOf(record, 'reason_distill');
  if (!Array.isArray(order) || order.length !== count) return undefined;
  return order.every((place) => Number.isInteger(place) && place >= 0 && place < count) ? order : undefined;
}

function idOf(id: unknown, text: string): string {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : `doc-${digest(text)}`;
}

function digest(...texts: string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
}
