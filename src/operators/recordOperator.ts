import type { AsyncIterableX } from 'ix/asynciterable/asynciterablex';
import { RejectError, UsageError } from '../errors.js';
import { mapConcurrent } from '../flow/mapConcurrent.js';
import { type OperatorContext, operator } from '../flow/operator.js';
import type { Rejects } from '../flow/rejects.js';
import type { Source } from '../flow/source.js';
import { type DataRecord, defaultKeys, isRecord, type Reject } from '../record.js';
import { resolveOptions } from '../util/options.js';
import { admit, isMade, keyProblem, type Refusal } from './admission.js';
import type { InputKey, RecordWith } from './inputKeys.js';
import { type RecordOptions, recordOptions } from './recordOptions.js';

/** Any object. Unlike a DataRecord it may be of an interface, which has no index signature. */
// biome-ignore lint/suspicious/noExplicitAny: only an index signature of `any` takes interfaces, and shows keys that a consumer of node:stream's pipeline reads
export type AnyRecord = { [key: string]: any };

/** An operator that adds `Fields` to records and keeps what else they hold. */
export type RecordOperator<Fields> = <In extends AnyRecord>(
  source: Source<In>,
  context?: OperatorContext,
) => AsyncIterableX<In & Fields>;

/** A field under a key that an option sets: typed if the key is a literal. `''` stands for no field. */
export type Field<Key extends string, Value> = string extends Key
  ? DataRecord
  : Key extends ''
    ? unknown
    : { [K in Key]: Value };

/** The type of `_rareflow` with the provenance of a stage, unless the option `provenance` is false. */
export type ProvenanceField<Kept extends boolean, Stage extends string, Details> = [Kept] extends [false]
  ? unknown
  : { _rareflow: { [S in Stage]: Details } };

export interface RecordStage<Stage extends string = string, Inputs extends readonly InputKey[] = readonly InputKey[]> {
  /** The stage's name in rejects, usage and provenance: `doc2query`. */
  stage: Stage;
  /** Keys that must hold a good value. */
  inputs: Inputs;
  /** Keys that will be added, so they must hold no value yet. */
  outputs: readonly string[];
  /**
   * Doubts that the options fit the data, about a record whose keys are good. It is called until the first record without
   * doubt. If the first 100 records are all in doubt the run stops, otherwise all of them are processed.
   */
  doubt?: ((record: DataRecord) => Promise<Refusal | undefined>) | undefined;
}

/** The additions of `work` to a record. */
export interface Added<Fields extends object = DataRecord, Details extends object = DataRecord> {
  fields: Fields;
  /** The provenance, kept under `_rareflow.<stage>`. */
  provenance: Details;
}

/**
 * Makes an operator that adds fields to records. It checks the keys of each record, processes `concurrency` of them at
 * once, and sends to the rejects those with bad keys and those for which `work` throws RejectError. `work` returns a list:
 * one record may become several.
 *
 * The type of the new fields follows from what `work` returns, the type of its `record` from `inputs`: use `textInput` and
 * `textListInput`.
 *
 * @throws UsageError for options that are unknown or out of range, and for output keys that would overwrite each other
 * @throws InputError, while it runs, if none of the first 100 records has good keys
 */
export function recordOperator<
  const Stage extends string,
  const Inputs extends readonly InputKey[],
  Fields extends object,
  Details extends object,
  const Kept extends boolean = true,
>(
  { stage, inputs, outputs, doubt }: RecordStage<Stage, Inputs>,
  options: RecordOptions & { provenance?: Kept | undefined },
  work: (record: RecordWith<Inputs>, signal: AbortSignal) => Promise<Added<Fields, Details>[]>,
): RecordOperator<Fields & ProvenanceField<Kept, Stage, Details>> {
  const resolved = resolveOptions(stage, recordOptions, options);
  const { overwrite, keepExisting, onKept, provenance: keepsProvenance, concurrency, ordered, window } = resolved;
  const inputKeys = inputs.map(({ key }) => key);
  checkOutputKeys(outputs, overwrite ? [] : inputKeys);
  if (overwrite && keepExisting) throw new UsageError(`${stage}: overwrite and keepExisting exclude each other`);
  const isKept = (record: DataRecord) => keepExisting && isMade(record, outputs);
  const refusal = (record: unknown) => keyProblem(record, inputs, overwrite ? [] : outputs, keepExisting);

  const addFields = operator<DataRecord, DataRecord>(async function* (source, context) {
    const rejects = resolved.rejects ?? context.rejects;
    /** A record that is not admitted is finished too. */
    const refuse: Rejects = async (reject) => {
      context.onWork?.(1);
      try {
        await rejects(reject);
      } finally {
        context.onWork?.(-1);
      }
    };
    const results = mapConcurrent(
      admit(
        source,
        { stage, refusal, doubt: doubt && ((record) => (isKept(record) ? NO_DOUBT : doubt(record))) },
        refuse,
      ),
      async (record, { signal }) => {
        if (isKept(record)) {
          onKept?.(stage);
          return [record];
        }
        context.onWork?.(1);
        try {
          const added = await work(record as RecordWith<Inputs>, signal);
          if (added.length === 0) throw new RejectError('nothing was made of it');
          return added.map(({ fields, provenance }) =>
            keepsProvenance ? withProvenance(record, fields, stage, provenance) : { ...record, ...fields },
          );
        } catch (error) {
          const refused = overflowsStack(error)
            ? new RejectError('nested too deep to be processed', { cause: error })
            : error;
          if (!(refused instanceof RejectError)) throw refused;
          await rejects(rejectOf(stage, refused, record));
          return [];
        } finally {
          context.onWork?.(-1);
        }
      },
      { concurrency, ordered, window, signal: context.signal },
    );
    for await (const records of results) {
      if (records.length > 1) context.onExtra?.(records.length - 1, records[0]);
      for (const record of records) yield record;
    }
  }, stage);
  return addFields as unknown as RecordOperator<Fields & ProvenanceField<Kept, Stage, Details>>;
}

const NO_DOUBT = Promise.resolve(undefined);

/** Returns true for the error of a function that called itself too often, as one does for a value that is nested deep. */
function overflowsStack(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack');
}

/** Throws UsageError for keys of outputs that would overwrite one another, the provenance, or the values under `inputs`. */
export function checkOutputKeys(outputs: readonly string[], inputs: readonly string[]): void {
  const repeated = outputs.find((key, index) => outputs.indexOf(key) !== index);
  if (repeated !== undefined) {
    throw new UsageError(`two outputs would be written under the key ${JSON.stringify(repeated)}`);
  }
  const reserved = outputs.find((key) => key === defaultKeys.provenance || key === '__proto__');
  if (reserved !== undefined)
    throw new UsageError(`no output can be written under the key ${JSON.stringify(reserved)}`);
  const read = outputs.find((key) => inputs.includes(key));
  if (read !== undefined) {
    throw new UsageError(`an output would be written under the key ${JSON.stringify(read)}, which is read`, {
      hint: 'name another key for it',
    });
  }
}

/** The record with its new fields; `_rareflow` stays the last key. A record without it is copied once, not twice. */
function withProvenance(record: DataRecord, fields: object, stage: string, details: object): DataRecord {
  const key = defaultKeys.provenance;
  if (!Object.hasOwn(record, key)) return { ...record, ...fields, [key]: { [stage]: details } };
  const { [key]: before, ...made } = record;
  Object.assign(made, fields);
  made[key] = { ...(isRecord(before) ? before : {}), [stage]: details };
  return made;
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
