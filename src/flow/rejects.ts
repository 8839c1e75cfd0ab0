import type { Reject } from '../record.js';

/** Takes one reject; a promise holds the stream back until it settles. */
export type Rejects = (reject: Reject) => void | Promise<void>;

/** Where rejects go when nobody asked for them: a Node process warning each, so that none is lost in silence. */
export const warnOfReject: Rejects = ({ stage, reason }) => {
  process.emitWarning(
    `${stage} rejected a record: ${reason}. Pass { rejects } to keep such records.`,
    'RareflowReject',
  );
};
