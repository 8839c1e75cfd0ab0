import { type DataRecord, defaultKeys, isRecord } from '../record.js';
import { languageOf } from './language.js';
import { type Warning, warningsOf } from './warnings.js';

/** How one operator made its part of a record. */
export interface StageFacts {
  name: string;
  model?: string | undefined;
  prompt?: string | undefined;
  attempts?: number | undefined;
  promptTokens?: number | undefined;
  completionTokens?: number | undefined;
  reasoningTokens?: number | undefined;
  finishReason?: string | undefined;
  estimated?: boolean | undefined;
  /** One of several records made by one answer, and not the first. */
  sharesAnswer?: boolean | undefined;
}

export interface Negative {
  id?: string | undefined;
  rank?: number | undefined;
  score?: number | undefined;
  text: string;
}

/** What a person sees of a record, of a reject, or of a line that is neither. Absent parts are undefined. */
export interface Entry {
  /** The number of the record in its file, from 1. */
  number: number;
  id?: string | undefined;
  title?: string | undefined;
  text?: string | undefined;
  question?: string | undefined;
  scenario?: string | undefined;
  reasoning?: string | undefined;
  negatives: Negative[];
  positive: { rank?: number | undefined; score?: number | undefined };
  stages: StageFacts[];
  /** The stage that it came out of last, or `rejected by …`. */
  state: string;
  language: string;
  warnings: Warning[];
  /** Where it was rejected: why, and what the model said last. */
  rejected?: { stage: string; reason: string; attempts?: number | undefined; answer?: string | undefined } | undefined;
}

export interface EntryKeys {
  /** Default `id`. */
  idKey?: string | undefined;
  /** Default `title`. */
  titleKey?: string | undefined;
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
}

/** Reads whatever a line of a file holds: nothing of it is taken for granted. */
export function readEntry(value: unknown, number: number, keys: EntryKeys = {}): Entry {
  if (isReject(value)) return rejectEntry(value, number, keys);
  const record = isRecord(value) ? value : { text: JSON.stringify(value) };
  const textAt = (key: string) => stringOf(record[key]);
  const told = isRecord(record[defaultKeys.provenance]) ? (record[defaultKeys.provenance] as DataRecord) : {};
  const stages = Object.entries(told).flatMap(([name, details]) => (isRecord(details) ? [factsOf(name, details)] : []));
  const mined = isRecord(told.bm25_hard_neg) ? told.bm25_hard_neg : {};
  const entry = {
    number,
    id: stringOf(record[keys.idKey ?? defaultKeys.id]),
    title: textAt(keys.titleKey ?? 'title'),
    text: textAt(keys.textKey ?? defaultKeys.text),
    question: textAt(keys.questionKey ?? defaultKeys.question),
    scenario: textAt(keys.scenarioKey ?? defaultKeys.scenario),
    reasoning: textAt(keys.reasoningKey ?? defaultKeys.reasoning),
    negatives: negativesOf(record[keys.negativesKey ?? defaultKeys.hardNegatives], mined.negatives),
    positive: placeOf(mined.positive),
    stages,
    state: stages.at(-1)?.name ?? 'no stage',
  };
  return {
    ...entry,
    language: languageOf(entry.question ?? entry.text ?? ''),
    warnings: warningsOf(entry, Number(mined.shortfall) > 0),
  };
}

/** A line that is no JSON. */
export function unreadableEntry(reason: string, text: string, number: number): Entry {
  return readEntry({ stage: 'read', reason, text }, number);
}

type RejectRecord = DataRecord & { stage: string; reason: string };

function isReject(value: unknown): value is RejectRecord {
  return isRecord(value) && typeof value.stage === 'string' && typeof value.reason === 'string';
}

function rejectEntry(reject: RejectRecord, number: number, keys: EntryKeys): Entry {
  const { stage, reason, attempts, answer, record, text } = reject;
  return {
    ...readEntry(isRecord(record) ? { ...record } : { text: text ?? record }, number, keys),
    state: `rejected by ${stage}`,
    warnings: [],
    rejected: { stage, reason, attempts: numberOf(attempts), answer: stringOf(answer) },
  };
}

function factsOf(name: string, details: DataRecord): StageFacts {
  return {
    name,
    model: stringOf(details.model),
    prompt: stringOf(details.prompt),
    attempts: numberOf(details.attempts),
    promptTokens: numberOf(details.promptTokens),
    completionTokens: numberOf(details.completionTokens),
    reasoningTokens: numberOf(details.reasoningTokens),
    finishReason: stringOf(details.finishReason),
    estimated: details.estimated === true ? true : undefined,
    sharesAnswer: details.sharesAnswer === true ? true : undefined,
  };
}

function negativesOf(texts: unknown, mined: unknown): Negative[] {
  if (!Array.isArray(texts)) return [];
  const places = Array.isArray(mined) && mined.length === texts.length ? mined : [];
  return texts.map((text, at) => ({
    id: isRecord(places[at]) ? stringOf(places[at].id) : undefined,
    ...placeOf(places[at]),
    text: stringOf(text) ?? JSON.stringify(text),
  }));
}

function placeOf(place: unknown): { rank?: number | undefined; score?: number | undefined } {
  return isRecord(place) ? { rank: numberOf(place.rank), score: numberOf(place.score) } : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
