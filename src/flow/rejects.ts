import type { Reject } from '../record.js';
import { printableLine } from '../util/printable.js';

/** Receives one reject; a promise delays the stream until it settles. */
export type Rejects = (reject: Reject) => void | Promise<void>;

/** The default receiver of rejects: a Node process warning for each, so that none is lost silently. */
export const warnOfReject: Rejects = ({ stage, reason }) => {
  process.emitWarning(
    `${stage} rejected a record: ${printableLine(reason)}. Pass { rejects } to keep such records.`,
    'RareflowReject',
  );
};
