/** One line of a JSONL corpus or of our output: a JSON object. Operators add fields to it and change none. */
export interface DataRecord {
  [key: string]: unknown;
}

/** The data keys of the three operators, as the reference has them. */
export const defaultKeys = {
  id: 'id',
  text: 'text',
  question: 'question',
  scenario: 'scenario',
  hardNegatives: 'hard_negatives',
  reasoning: 'reasoning',
  /** Where each operator writes how its part was made, under its own name: see ModelProvenance for those that ask a model. */
  provenance: '_rareflow',
} as const;

/** A record, or an input line, that could not be done. */
export interface Reject {
  /** Who refused it: `read`, `index`, or the operator's name (`doc2query`, …). */
  stage: string;
  reason: string;
  /** How many requests were made for it, where a model was asked. */
  attempts?: number;
  /** The model's last answer, whole, where it could not be used. */
  answer?: string;
  /** The file of a bad line. */
  path?: string;
  /** The number of a bad line, from 1. */
  line?: number;
  /** The record as the stage got it; absent for a line that is no JSON. */
  record?: unknown;
  /** How many lines of the output come before its place, in a run that keeps the order and can be gone on with. */
  place?: number;
  /** The start of a bad line (2,048 characters at most). */
  text?: string;
}

/** Where a record stands: the bytes of its line in a file. */
export interface RecordPlace {
  path: string;
  offset: number;
  bytes: number;
}

const places = new WeakMap<object, RecordPlace>();

/** A reader tells where a record stands; it is remembered for the record itself, not for copies of it. */
export function rememberPlace(record: object, place: RecordPlace): void {
  places.set(record, place);
}

export function placeOf(record: object): RecordPlace | undefined {
  return places.get(record);
}

/** True for a JSON object: not null, not a list. */
export function isRecord(value: unknown): value is DataRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a string that holds something besides white space. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
