import { createHash } from 'node:crypto';
import { RejectError, UsageError } from '../../errors.js';
import type { DataRecord } from '../../record.js';
import { otherNameOf, valueAt } from '../../util/keyPath.js';
import { type OptionsOf, resolveOptions, valuesOf } from '../../util/options.js';
import { textInput } from '../inputKeys.js';
import { type RecordOperator, recordOperator } from '../recordOperator.js';
import { recordOptions } from '../recordOptions.js';
import { splitOptions } from './options.js';
import { type PassageRange, passagesOf } from './passages.js';

export type SplitOptions = OptionsOf<typeof splitOptions>;

/** The provenance of a passage under `_rareflow.split`: its number, from 1, and its place in the text of the document. */
export type SplitProvenance = PassageRange & { part: number };

/**
 * Splits long documents into passages: a record for each, with the passage as its text, the id `DOC#1`, `DOC#2`, … and the
 * document's id under `parent`. A document without an id is named by a hash of its text. The other keys stay.
 *
 * @throws UsageError for options that are unknown or out of range
 */
export function split(options: SplitOptions = {}): RecordOperator<DataRecord> {
  const settings = resolveOptions('split', splitOptions, options);
  const { textKey, idKey, parentKey, maxWords, overlap } = settings;
  if (overlap >= maxWords) {
    throw new UsageError(`split: overlap must be less than maxWords, got ${overlap} and ${maxWords}`);
  }
  const addPassages = recordOperator(
    { stage: 'split', inputs: [textInput(textKey, 'textKey')], outputs: [parentKey] },
    valuesOf(recordOptions, settings),
    async (record) => {
      const text = valueAt(record, textKey) as string;
      const parent = documentName(valueAt(record, idKey), text);
      const target = textTarget(record, textKey);
      const ownId = Object.hasOwn(record, idKey) ? idKey : (otherNameOf(record, idKey) ?? idKey);
      const passages = [...passagesOf(text, settings)];
      refuseRepeats({ ...record, ...target.replaced, [target.key]: undefined }, passages.length);
      return passages.map((passage, at) => ({
        fields: {
          ...target.replaced,
          [ownId]: `${parent}#${at + 1}`,
          [target.key]: text.slice(passage.start, passage.end),
          [parentKey]: parent,
        },
        provenance: { part: at + 1, ...passage },
      }));
    },
  );
  return addPassages as unknown as RecordOperator<DataRecord>;
}

/** The most characters of other keys that the passages of one document may repeat. */
const MAX_REPEATED_CHARS = 256 * 2 ** 20;

/** Each passage repeats the other keys of its document. Throws RejectError for a document that would fill the disk in this way. */
function refuseRepeats(others: DataRecord, passages: number): void {
  const sizes = Object.entries(others).map(([key, value]) => ({ key, size: JSON.stringify(value)?.length ?? 0 }));
  const repeated = passages * sizes.reduce((sum, { size }) => sum + size, 0);
  if (passages < 2 || repeated <= MAX_REPEATED_CHARS) return;
  const { key, size } = sizes.reduce((most, one) => (one.size > most.size ? one : most));
  throw new RejectError(
    `each of its ${passages} passages would repeat its other keys, ${Math.round(repeated / 1e6)} MB in all; remove "${key}" (${Math.ceil(size / 1e3)} kB) before splitting`,
  );
}

function documentName(id: unknown, text: string): string {
  if (typeof id === 'number' || (typeof id === 'string' && id !== '')) return String(id);
  return `doc-${createHash('sha256')
    .update(JSON.stringify([text]))
    .digest('hex')
    .slice(0, 16)}`;
}

/** Returns the key for a passage, and the keys that held the whole text and would be repeated in each passage. */
function textTarget(record: DataRecord, textKey: string): { key: string; replaced: DataRecord } {
  if (Object.hasOwn(record, textKey)) return { key: textKey, replaced: {} };
  const other = otherNameOf(record, textKey);
  if (other !== undefined) return { key: other, replaced: {} };
  const tops = textKey.split(',').map((key) => key.trim().split('.')[0] as string);
  return { key: 'text', replaced: Object.fromEntries(tops.map((top) => [top, undefined])) };
}
