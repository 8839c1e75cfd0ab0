import { InputError } from '../errors.js';
import type { Rejects } from '../flow/rejects.js';
import { type DataRecord, defaultKeys, isRecord } from '../record.js';
import { describe } from '../util/check.js';
import { likelyTextPath, valueAt } from '../util/keyPath.js';
import type { InputKey } from './inputKeys.js';

/** The reason that a record was not admitted, and the fix. */
export interface Refusal {
  reason: string;
  hint: string;
}

/** If none of this many records at the start can be used, the run stops: the options do not fit the data. */
const PROBE_SIZE = 100;
/** Keys of the records that are named. */
const SHOWN_KEYS = 20;
/** Every stage copies the keys of a record: a million of them take seconds. */
const MAX_KEYS = 100_000;

export interface AdmissionRules {
  stage: string;
  /** Checks the keys of a record. */
  refusal: (record: unknown) => Refusal | undefined;
  /** Doubts that the options fit the data; see RecordStage. */
  doubt?: ((record: DataRecord) => Promise<Refusal | undefined>) | undefined;
}

/**
 * Yields the records that can be used and sends the others to the rejects.
 *
 * @throws InputError if none of the first 100 records can be used
 */
export async function* admit(
  source: AsyncIterable<DataRecord>,
  { stage, refusal, doubt }: AdmissionRules,
  rejects: Rejects,
): AsyncGenerator<DataRecord> {
  /** Records that were refused or doubted, until the first good one shows that the options fit the data. */
  let held: { record: DataRecord; refused: Refusal; doubted: boolean }[] | undefined = [];
  for await (const record of source) {
    const refused = refusal(record);
    if (held === undefined) {
      if (refused === undefined) yield record;
      else await rejects({ stage, reason: refused.reason, record });
      continue;
    }
    const problem = refused ?? (await doubt?.(record));
    if (problem !== undefined) {
      held.push({ record, refused: problem, doubted: refused === undefined });
      if (held.length === PROBE_SIZE) break;
      continue;
    }
    for (const early of held) {
      if (early.doubted) yield early.record;
      else await rejects({ stage, reason: early.refused.reason, record: early.record });
    }
    held = undefined;
    yield record;
  }
  const first = held?.[0];
  if (held === undefined || first === undefined) return;
  const all = held.length === 1 ? 'the only record' : `each of the first ${held.length} records`;
  const keys = new Set(
    held.flatMap(({ record }) => (isRecord(record) ? Object.keys(record).slice(0, SHOWN_KEYS) : [])),
  );
  const seen = keys.size === 0 ? 'no keys' : `the keys ${[...keys].slice(0, SHOWN_KEYS).join(', ')}`;
  throw new InputError(`${stage} refused ${all}: ${first.refused.reason}`, {
    hint: first.doubted ? first.refused.hint : `the records have ${seen}; ${first.refused.hint}`,
  });
}

/** Checks that a record's input keys hold good values and its output keys hold none. */
export function keyProblem(
  record: unknown,
  inputs: readonly InputKey[],
  outputs: readonly string[],
  keepsExisting = false,
): Refusal | undefined {
  if (!isRecord(record)) return { reason: `it is ${describe(record)}, not a JSON object`, hint: 'write {"text": …}' };
  const count = countKeys(record);
  if (count > MAX_KEYS) {
    return {
      reason: `it has more than ${MAX_KEYS} keys`,
      hint: 'put the keys that no stage reads into an object under one key',
    };
  }
  if (keepsExisting && isMade(record, outputs)) return undefined;
  for (const { key, option, problem } of inputs) {
    const value = valueAt(record, key);
    const wrong = value === undefined || value === null ? 'is missing' : problem(value);
    if (wrong === undefined) continue;
    const likely = option === 'textKey' ? likelyTextPath(record) : undefined;
    const other = likely === undefined || likely === key ? '' : `: ${likely}?`;
    const hint = option === undefined ? `add "${key}" to them` : `${withFlag(option)} names another key${other}`;
    return { reason: `the input key "${key}" ${wrong}`, hint };
  }
  const earlier = record[defaultKeys.provenance];
  if (earlier !== undefined && earlier !== null && !isRecord(earlier)) {
    const reason = `the key "${defaultKeys.provenance}" holds ${describe(earlier)}, not an object`;
    return { reason, hint: 'rename that key' };
  }
  const taken = keepsExisting ? undefined : outputs.find((key) => record[key] !== undefined && record[key] !== null);
  if (taken === undefined) return undefined;
  const read = inputs.map(({ key }) => `"${key}"`).join(', ');
  return {
    reason: `the output key "${taken}" (made from ${read}) already holds a value`,
    hint: `${withFlag('keepExisting')} passes such records on to the next stage, ${withFlag('overwrite')} replaces it`,
  };
}

/** Returns true if the first output of a stage is there: not null, blank or an empty list. */
export function isMade(record: DataRecord, outputs: readonly string[]): boolean {
  const [key] = outputs;
  const value = key === undefined ? undefined : record[key];
  if (value === undefined || value === null) return false;
  return typeof value === 'string' ? value.trim() !== '' : !Array.isArray(value) || value.length > 0;
}

/** Counts the keys of a record, to one above the limit at most. */
function countKeys(record: DataRecord): number {
  let count = 0;
  for (const _ in record) if (++count > MAX_KEYS) break;
  return count;
}

/** An option by its name in the library and on the command line: `textKey (--text-key)`. */
function withFlag(option: string): string {
  return `${option} (--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)})`;
}
