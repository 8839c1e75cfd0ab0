import { onOff } from '../util/options.js';

/** The options that turn on the stages of `rareChain` that check data. */
export const checkOptions = {
  filterDocuments: onOff({
    help: 'first leave out documents as filter-documents does: see --min-words and the other options of documents',
    default: false,
    group: 'Documents',
  }),
};
