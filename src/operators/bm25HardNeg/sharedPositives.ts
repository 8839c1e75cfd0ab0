import { createHash } from 'node:crypto';
import type { Source } from '../../flow/source.js';
import { isText } from '../../record.js';
import { valueAt } from '../../util/keyPath.js';
import type { AnyRecord } from '../recordOperator.js';
import { miningRowOf } from './miningRow.js';
import { idText, normalized } from './positives.js';

/** The positives of one question in all records that ask it. */
export interface QuestionPositives {
  ids: ReadonlySet<string>;
  /** The fingerprints of their texts; see `textFingerprint`. */
  fingerprints: ReadonlySet<string>;
}

export interface SharedPositivesKeys {
  questionKey?: string | undefined;
  textKey?: string | undefined;
  idKey?: string | undefined;
}

/** The positives of the questions that several records ask: none of them may become a negative of another. */
export class SharedPositives {
  readonly #groups: ReadonlyMap<string, QuestionPositives>;

  constructor(groups: ReadonlyMap<string, QuestionPositives>) {
    this.#groups = groups;
  }

  /** The number of questions that several records ask. */
  get size(): number {
    return this.#groups.size;
  }

  /** Returns the positives of a question, if several records ask it. */
  of(question: string): QuestionPositives | undefined {
    return this.#groups.get(questionFingerprint(question));
  }
}

/**
 * Finds the questions that several records ask, ignoring case and white space, and their positives. It reads the source twice, so it
 * must be one that can be: an array, `readJsonl(path)`. About 30 bytes are kept for each question, and 200 for each positive of
 * a repeated one.
 */
export async function findSharedPositives(
  source: Source<AnyRecord>,
  { questionKey = 'question', textKey = 'text', idKey = 'id' }: SharedPositivesKeys = {},
): Promise<SharedPositives> {
  const seen = new Set<number>();
  const repeated = new Set<number>();
  for await (const record of source) {
    const question = valueAt(record, questionKey);
    if (!isText(question)) continue;
    const number = first48Bits(questionFingerprint(question));
    if (seen.has(number)) repeated.add(number);
    else seen.add(number);
  }
  const groups = new Map<string, { ids: Set<string>; fingerprints: Set<string> }>();
  if (repeated.size === 0) return new SharedPositives(groups);
  for await (const record of source) {
    const [question, text] = [valueAt(record, questionKey), valueAt(record, textKey)];
    if (!isText(question) || !isText(text)) continue;
    const name = questionFingerprint(question);
    if (!repeated.has(first48Bits(name))) continue;
    const group = groups.get(name) ?? { ids: new Set(), fingerprints: new Set() };
    groups.set(name, group);
    const known = idText(valueAt(record, idKey));
    if (known !== undefined) group.ids.add(known);
    for (const each of [text, ...(miningRowOf(record)?.further ?? []).filter(isText)]) {
      group.fingerprints.add(textFingerprint(normalized(each)));
    }
  }
  return new SharedPositives(groups);
}

/** Returns the fingerprint of a text whose white space is normalized. */
export function textFingerprint(plain: string): string {
  return createHash('sha256').update(plain).digest('base64').slice(0, 20);
}

function questionFingerprint(question: string): string {
  return textFingerprint(normalized(question).toLowerCase());
}

/** The first 48 bits of a fingerprint. */
function first48Bits(fingerprint: string): number {
  return Buffer.from(fingerprint, 'base64').readUIntBE(0, 6);
}
