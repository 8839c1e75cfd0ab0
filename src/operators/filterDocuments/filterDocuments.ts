import { EventLoopTurns } from '../../flow/eventLoopTurns.js';
import { operator } from '../../flow/operator.js';
import { ordinalOf } from '../../flow/ordinal.js';
import type { DataRecord } from '../../record.js';
import { documentKey } from '../../util/keyPath.js';
import { type OptionsOf, resolveOptions } from '../../util/options.js';
import { admit, keyProblem } from '../admission.js';
import { textInput } from '../inputKeys.js';
import type { RecordOperator } from '../recordOperator.js';
import { DocumentFilter } from './documentFilter.js';
import { filterDocumentsOptions } from './options.js';

export interface FilterDocumentsOptions extends OptionsOf<typeof filterDocumentsOptions> {}

/**
 * FilterDocuments: keeps the documents worth asking about, without a model. It rejects those that are too short or too long,
 * in other languages, mostly not letters, repetitive (the rules of Gopher), or that repeat an earlier document, each with its
 * reason. Records pass as they are, in their order.
 *
 * Duplicates are compared with the last `compareWith` documents that were kept. In a run with a checkpoint make it the first
 * stage, `{ name, operator, recalls: true }`: a resumed run then finds the same duplicates.
 *
 * @throws UsageError for options that are unknown or out of range
 * @throws InputError, while it runs, if none of the first 100 records has a text
 */
export function filterDocuments(options: FilterDocumentsOptions = {}): RecordOperator<unknown> {
  const stage = 'filter_documents';
  const settings = resolveOptions('filterDocuments', filterDocumentsOptions, options);
  const inputs = [textInput(documentKey(settings), 'textKey')];
  const refusal = (record: unknown) => keyProblem(record, inputs, []);
  const filter = operator<DataRecord, DataRecord>(async function* (source, context) {
    const rejects = settings.rejects ?? context.rejects;
    const documents = new DocumentFilter(settings);
    const turns = new EventLoopTurns();
    let count = 0;
    const numberOf = (record: DataRecord) => 1 + (ordinalOf(record) ?? count++);
    context.onRecall?.((record) => {
      if (refusal(record) === undefined) documents.refuse(record, numberOf(record));
    });
    for await (const record of admit(source, { stage, refusal }, rejects)) {
      const refused = documents.refuse(record, numberOf(record));
      if (refused === undefined) yield record;
      else await rejects({ stage, ...refused, record });
      await turns.next();
    }
  }, stage);
  return filter as unknown as RecordOperator<unknown>;
}
