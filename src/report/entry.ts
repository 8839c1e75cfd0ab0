import { type DataRecord, defaultKeys, isRecord, isReject, type Reject } from '../record.js';
import { valueAt } from '../util/keyPath.js';
import { scriptLanguage } from '../util/scriptLanguage.js';
import { defaultEntryKeys, type EntryKeys } from './options.js';
import { type Warning, warningsOf } from './warnings.js';

/** The provenance of one operator's part of a record. */
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
  /** The work that its JSON took to read. */
  parsed?: string | undefined;
  /** The mark at which its text was cut off. */
  cut?: string | undefined;
  /** The field that held its thinking, and the field for thinking that held its answer. */
  thinking?: string | undefined;
  answerFrom?: string | undefined;
  /** True for all but the first of several records made from one answer. */
  sharesAnswer?: boolean | undefined;
}

/** A judge's verdict on a question by a criterion, or on a negative, and its reason. */
export interface EntryVerdict {
  name: string;
  verdict: string;
  reason?: string | undefined;
}

export interface EntryNegative {
  verdict?: EntryVerdict | undefined;
  id?: string | undefined;
  rank?: number | undefined;
  score?: number | undefined;
  text: string;
}

/** The parts of a record, a reject or another line that the page shows. Absent parts are undefined. */
export interface Entry {
  /** The number of the record in its file, from 1. */
  number: number;
  id?: string | undefined;
  title?: string | undefined;
  text?: string | undefined;
  question?: string | undefined;
  scenario?: string | undefined;
  reasoning?: string | undefined;
  negatives: EntryNegative[];
  positive: { rank?: number | undefined; score?: number | undefined };
  /** Further documents that answer the question, such as those that a judge found among the negatives. */
  positives: string[];
  /** The verdicts on the question. */
  judged: EntryVerdict[];
  /** The samples of the reasoning: accepted or not, and why. Empty if any is accepted. */
  samples: { accepted: boolean; reason?: string | undefined }[];
  stages: StageFacts[];
  /** The last stage that it passed, or `rejected by …`. */
  state: string;
  language: string;
  warnings: Warning[];
  /** For a reject: the reason, and the model's last answer. */
  rejected?: { stage: string; reason: string; attempts?: number | undefined; answer?: string | undefined } | undefined;
}

/** Reads any value that a line of a file may hold. */
export function readEntry(value: unknown, number: number, keys: EntryKeys = defaultEntryKeys): Entry {
  if (isReject(value)) return rejectEntry(value, number, keys);
  const record = isRecord(value) ? value : { text: JSON.stringify(value) };
  const textAt = (key: string) => stringOf(valueAt(record, key));
  const provenance = isRecord(record[defaultKeys.provenance]) ? (record[defaultKeys.provenance] as DataRecord) : {};
  const stages = Object.entries(provenance).flatMap(([name, details]) =>
    isRecord(details) ? [factsOf(name, details)] : [],
  );
  const mined = isRecord(provenance.bm25_hard_neg) ? provenance.bm25_hard_neg : {};
  const entry = {
    number,
    id: stringOf(valueAt(record, keys.idKey)),
    title: textAt(keys.titleKey),
    text: textAt(keys.textKey),
    question: textAt(keys.questionKey),
    scenario: textAt(keys.scenarioKey),
    reasoning: textAt(keys.reasoningKey),
    negatives: negativesOf(
      record[keys.negativesKey],
      keptOf(mined.negatives, provenance.judge_negatives),
      keptOf(record.negatives_judgement, provenance.judge_negatives),
    ),
    positive: rankAndScore(mined.positive),
    positives: furtherPositives(record[keys.positivesKey ?? 'positives'], textAt(keys.textKey)),
    judged: verdictsOf(record.question_judgement),
    samples: samplesOf(provenance.reason_distill),
    stages,
    state: stages.at(-1)?.name ?? 'no stage',
  };
  return {
    ...entry,
    language: scriptLanguage(entry.question ?? entry.text ?? ''),
    warnings: warningsOf(entry, isShort(isRecord(provenance.judge_negatives) ? provenance.judge_negatives : mined)),
  };
}

/** Makes the entry of a line that is not JSON. */
export function unreadableEntry(reason: string, text: string, number: number): Entry {
  return readEntry({ stage: 'read', reason, text }, number);
}

function rejectEntry(reject: Reject, number: number, keys: EntryKeys): Entry {
  const { stage, reason, attempts, answer, record, text } = reject;
  return {
    ...readEntry(isRecord(record) ? { ...record } : { text: text ?? record }, number, keys),
    state: `rejected by ${stage}`,
    warnings: [],
    rejected: { stage, reason, attempts: finiteNumber(attempts), answer: stringOf(answer) },
  };
}

function factsOf(name: string, details: DataRecord): StageFacts {
  return {
    name,
    model: stringOf(details.model),
    prompt: stringOf(details.prompt),
    attempts: finiteNumber(details.attempts),
    promptTokens: finiteNumber(details.promptTokens),
    completionTokens: finiteNumber(details.completionTokens),
    reasoningTokens: finiteNumber(details.reasoningTokens),
    finishReason: stringOf(details.finishReason),
    estimated: details.estimated === true ? true : undefined,
    parsed: stringOf(details.parsed),
    cut: stringOf(details.cut),
    thinking: stringOf(details.thinking),
    answerFrom: stringOf(details.answerFrom),
    sharesAnswer: details.sharesAnswer === true ? true : undefined,
  };
}

const isShort = ({ shortfall }: DataRecord) => Number(shortfall) > 0;

/** Returns the details of the mined negatives that a judge has kept; all of them if none judged. */
function keptOf(mined: unknown, judged: unknown): unknown {
  if (!Array.isArray(mined) || !isRecord(judged) || !Array.isArray(judged.kept)) return mined;
  return judged.kept.map((index) => mined[Number(index)]);
}

function furtherPositives(texts: unknown, document: string | undefined): string[] {
  if (!Array.isArray(texts)) return [];
  const all = texts.map((one) => stringOf(isRecord(one) ? one.text : one));
  return all.filter((text) => text !== undefined && text !== document) as string[];
}

/** Returns the verdicts by criterion: `{ selfContained: { verdict: true, reason: … } }`. */
function verdictsOf(judgement: unknown): EntryVerdict[] {
  if (!isRecord(judgement)) return [];
  return Object.entries(judgement).flatMap(([name, judged]) => verdictOf(name, judged) ?? []);
}

function verdictOf(name: string, judged: unknown): EntryVerdict | undefined {
  if (!isRecord(judged) || judged.verdict === undefined) return undefined;
  const { verdict } = judged;
  const words = typeof verdict === 'boolean' ? (verdict ? 'yes' : 'no') : String(verdict);
  return { name, verdict: words, reason: stringOf(judged.reason) };
}

function samplesOf(provenance: unknown): Entry['samples'] {
  const samples = isRecord(provenance) ? provenance.samples : undefined;
  if (!Array.isArray(samples)) return [];
  return samples
    .filter(isRecord)
    .map(({ accepted, reason }) => ({ accepted: accepted === true, reason: stringOf(reason) }));
}

function verdictAt(judged: unknown): Pick<EntryNegative, 'verdict'> {
  const verdict = verdictOf('answers the question', judged);
  return verdict === undefined ? {} : { verdict };
}

function negativesOf(texts: unknown, mined: unknown, judged: unknown): EntryNegative[] {
  if (!Array.isArray(texts)) return [];
  const details = Array.isArray(mined) && mined.length === texts.length ? mined : [];
  const verdicts = Array.isArray(judged) && judged.length === texts.length ? judged : [];
  return texts.map((text, index) => ({
    id: isRecord(details[index]) ? stringOf(details[index].id) : undefined,
    ...rankAndScore(details[index]),
    ...verdictAt(verdicts[index]),
    text: stringOf(text) ?? JSON.stringify(text),
  }));
}

function rankAndScore(details: unknown): { rank?: number | undefined; score?: number | undefined } {
  return isRecord(details) ? { rank: finiteNumber(details.rank), score: finiteNumber(details.score) } : {};
}

function finiteNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
