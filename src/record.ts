/** One line of a JSONL corpus or of an output: a JSON object. Operators add fields to it and change none. */
export interface DataRecord {
  [key: string]: unknown;
}

/** The data keys of the three operators, named as in the RARE reference implementation. */
export const defaultKeys = {
  id: 'id',
  text: 'text',
  question: 'question',
  scenario: 'scenario',
  hardNegatives: 'hard_negatives',
  reasoning: 'reasoning',
  /** Each operator writes here, under its own name, how its part was made; those that ask a model write ModelProvenance. */
  provenance: '_rareflow',
} as const;

/**
 * The key that holds the questions in an answer to doc2query, and the name of that answer's schema. The offline model and
 * the stand-in server recognise such requests by it.
 */
export const HARD_QUERY = 'hard_query';

/** The keys that hold the verdicts in the answers of judges, and the names of their schemas, for the same purpose. */
export const JUDGED_DOCUMENTS = 'judged_documents';
export const JUDGED_QUESTION = 'judged_question';
export const JUDGED_REASONING = 'judged_reasoning';

/** The verdicts of a judge on a document: it answers a question, partly or not at all. */
export const documentVerdicts = ['answers', 'partly', 'no'] as const;

/** The criteria by which a judge finds a question good or not. */
export const questionCriteria = ['selfContained', 'answerable', 'needsReasoning', 'noLeak', 'oneAnswer'] as const;

/** The criteria by which a judge accepts reasoning. */
export const reasoningCriteria = ['grounded', 'follows', 'answersQuestion'] as const;

export type QuestionCriterion = (typeof questionCriteria)[number];

/** A record, or an input line, that could not be processed. */
export interface Reject {
  /** The stage that refused it: `read`, `index`, or the operator's name (`doc2query`, …). */
  stage: string;
  reason: string;
  /** The number of requests made for it, if a model was asked. */
  attempts?: number;
  /** The model's last answer, whole, if it could not be used. */
  answer?: string;
  /** The file of a bad line. */
  path?: string;
  /** The number of a bad line, from 1. */
  line?: number;
  /** True if retrying can only end the same way, as for a duplicate of another record: `retryRejects` leaves it out. */
  final?: true;
  /** The record as the stage got it; absent for a line that is not JSON. */
  record?: unknown;
  /** The number of output lines before its place, in a resumable run that keeps the order. */
  place?: number;
  /** The start of a bad line (2,048 characters at most). */
  text?: string;
}

/** The location of a record: the bytes of its line in a file. */
export interface RecordPlace {
  path: string;
  offset: number;
  bytes: number;
}

const places = new WeakMap<object, RecordPlace>();

/** Remembers the location of a record: for the object itself, not for copies of it. */
export function rememberPlace(record: object, place: RecordPlace): void {
  places.set(record, place);
}

/** Returns the location of a record; undefined unless a reader remembered it. */
export function placeOf(record: object): RecordPlace | undefined {
  return places.get(record);
}

/** Returns true for a JSON object: not null, not a list. */
export function isRecord(value: unknown): value is DataRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns true for an item of a rejects file: an object with a stage and a reason. */
export function isReject(value: unknown): value is Reject {
  return isRecord(value) && typeof value.stage === 'string' && typeof value.reason === 'string';
}

/** Returns true for a string with something other than white space. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
