import { InputError, RejectError, UsageError } from '../errors.js';
import { mapConcurrent } from '../flow/mapConcurrent.js';
import { type Operator, operator } from '../flow/operator.js';
import type { Rejects } from '../flow/rejects.js';
import { type DataRecord, defaultKeys, isRecord, isText, type Reject } from '../record.js';
import { requireWholeNumber } from '../util/check.js';

/** Options that every operator on records has. */
export interface RecordOptions {
  /** How many records are worked on at once. Default 16. */
  concurrency?: number | undefined;
  /** Keep the order of the source. Default true. */
  ordered?: boolean | undefined;
  /** How many records may wait between source and consumer. Default 64 × concurrency in order, 2 × otherwise. */
  window?: number | undefined;
  /** Replace values that the output keys already hold, instead of rejecting the record. Default false. */
  overwrite?: boolean | undefined;
  /** Where failed records go. Default: the run's rejects, or else a process warning each. */
  rejects?: Rejects | undefined;
  /** Write how each record was made under `_rareflow`. Default true. */
  provenance?: boolean | undefined;
}

/** A key that a stage reads. */
export interface InputKey {
  key: string;
  /** The option that names it. */
  option: string;
  /** Says what is wrong with a value, if anything. */
  problem: (value: unknown) => string | undefined;
}

export interface RecordStage {
  /** The stage's name in rejects, usage and provenance: `doc2query`. */
  stage: string;
  /** Keys that must hold a good value. */
  inputs: InputKey[];
  /** Keys that will be added, so must hold none yet. */
  outputs: string[];
  /**
   * Doubts that the options fit the data, of records whose keys are good. It is asked until the first record without
   * doubt; where the first 100 all are in doubt the run stops, otherwise all of them go on.
   */
  doubt?: (record: DataRecord) => Promise<Refusal | undefined>;
}

/** Why a record was refused at the door, and what to do about it. */
export interface Refusal {
  reason: string;
  hint: string;
}

/** What `work` adds to a record. */
export interface Added {
  fields: DataRecord;
  /** How it was made: kept under `_rareflow.<stage>`. */
  provenance: DataRecord;
}

/** After so many records of which none could be used, the run stops: the options do not fit the data. */
const hopelessAfter = 100;

/**
 * Makes an operator that adds fields to records: checks their keys at the door, works on `concurrency` of them at once, and
 * sends to the rejects those refused at the door and those for which `work` throws RejectError. One record may become
 * several. Throws UsageError for output keys that would overwrite each other, InputError where none of the first 100 records passes the door.
 */
export function recordOperator(
  { stage, inputs, outputs, doubt }: RecordStage,
  options: RecordOptions,
  work: (record: DataRecord, signal: AbortSignal) => Promise<Added[]>,
): Operator<object, DataRecord> {
  const { overwrite = false, provenance: keepProvenance = true, ...flow } = options;
  if (flow.concurrency !== undefined) requireWholeNumber('concurrency', flow.concurrency);
  if (flow.window !== undefined) requireWholeNumber('window', flow.window);
  checkOutputs(outputs);
  const refusal = (record: unknown) => keyProblem(record, inputs, overwrite ? [] : outputs);

  return operator(async function* (source, context) {
    const rejects = options.rejects ?? context.rejects;
    // A typed record of a user's own has no index signature; whatever comes, the door checks it.
    const admitted = admit(source as AsyncIterable<DataRecord>, stage, { refusal, doubt }, rejects);
    const results = mapConcurrent(
      admitted,
      async (record, { signal }) => {
        context.onWork?.(1);
        try {
          const added = await work(record, signal);
          if (added.length === 0) throw new RejectError('nothing was made of it');
          return added.map(({ fields, provenance }) =>
            keepProvenance ? withProvenance(record, fields, stage, provenance) : { ...record, ...fields },
          );
        } catch (error) {
          if (!(error instanceof RejectError)) throw error;
          await rejects(rejectOf(stage, error, record));
          return [];
        } finally {
          context.onWork?.(-1);
        }
      },
      { ...flow, signal: context.signal },
    );
    for await (const records of results) {
      if (records.length > 1) context.onExtra?.(records.length - 1, records[0]);
      for (const record of records) yield record;
    }
  });
}

/** Checks a text key: a string with something besides white space. */
export function textProblem(value: unknown): string | undefined {
  if (isText(value)) return undefined;
  return typeof value === 'string' ? 'is blank' : `holds ${describe(value)}, not a string`;
}

/** Checks a list of texts. */
export function textListProblem(value: unknown): string | undefined {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return undefined;
  return `holds ${describe(value)}, not a list of strings`;
}

interface Door {
  refusal: (record: unknown) => Refusal | undefined;
  doubt: RecordStage['doubt'];
}

/** Passes on the records that nothing is wrong with; the others go to the rejects. */
async function* admit(
  source: AsyncIterable<DataRecord>,
  stage: string,
  { refusal, doubt }: Door,
  rejects: Rejects,
): AsyncGenerator<DataRecord> {
  /** What was refused or doubted, until the first good record shows that the options fit the data. */
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
      if (held.length === hopelessAfter) break;
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
  const keys = new Set(held.flatMap(({ record }) => (isRecord(record) ? Object.keys(record) : [])));
  const seen = keys.size === 0 ? 'no keys' : `the keys ${[...keys].slice(0, 20).join(', ')}`;
  throw new InputError(`${stage} refused ${all}: ${first.refused.reason}`, {
    hint: first.doubted ? first.refused.hint : `the records have ${seen}; ${first.refused.hint}`,
  });
}

function checkOutputs(keys: string[]): void {
  const twice = keys.find((key, place) => keys.indexOf(key) !== place);
  if (twice !== undefined) throw new UsageError(`two outputs would be written under the key ${JSON.stringify(twice)}`);
  const taken = keys.find((key) => key === defaultKeys.provenance || key === '__proto__');
  if (taken !== undefined) throw new UsageError(`no output can be written under the key ${JSON.stringify(taken)}`);
}

function keyProblem(record: unknown, inputs: InputKey[], outputs: string[]): Refusal | undefined {
  if (!isRecord(record)) return { reason: `it is ${describe(record)}, not a JSON object`, hint: 'write {"text": …}' };
  for (const { key, option, problem } of inputs) {
    const value = record[key];
    const wrong = value === undefined || value === null ? 'is missing' : problem(value);
    if (wrong !== undefined)
      return { reason: `the input key "${key}" ${wrong}`, hint: `${named(option)} names another key` };
  }
  const told = record[defaultKeys.provenance];
  if (told !== undefined && told !== null && !isRecord(told)) {
    return { reason: `the key "${defaultKeys.provenance}" holds ${describe(told)}, not an object`, hint: 'rename it' };
  }
  const taken = outputs.find((key) => record[key] !== undefined && record[key] !== null);
  if (taken === undefined) return undefined;
  const read = inputs.map(({ key }) => `"${key}"`).join(', ');
  return {
    reason: `the output key "${taken}" (made from ${read}) already holds a value`,
    hint: `${named('overwrite')} replaces it`,
  };
}

/** An option by its name in the library and on the command line. */
function named(option: string): string {
  return `${option} (--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)})`;
}

/** The record with its new fields; what is told of its making stays last. */
function withProvenance(record: DataRecord, fields: DataRecord, stage: string, details: DataRecord): DataRecord {
  const { [defaultKeys.provenance]: before, ...rest } = record;
  return { ...rest, ...fields, [defaultKeys.provenance]: { ...(isRecord(before) ? before : {}), [stage]: details } };
}

function rejectOf(stage: string, error: RejectError, record: DataRecord): Reject {
  const { message, attempts, answer } = error;
  return {
    stage,
    reason: message,
    ...(attempts === undefined ? {} : { attempts }),
    ...(answer === undefined ? {} : { answer }),
    record,
  };
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${JSON.stringify(value)?.slice(0, 40)}`;
}
