import type { DataRecord } from '../../record.js';
import { callback, number, onOff, value, wholeNumber } from '../../util/options.js';
import { scriptLanguages } from '../../util/scriptLanguage.js';
import { keyOptions } from '../keyOptions.js';
import { recordOptions } from '../recordOptions.js';

const documents = 'Documents';

/** The rules of filterDocuments. */
export const documentRules = {
  minWords: wholeNumber({
    help: 'reject documents of fewer words; a character of Chinese, Japanese or Thai counts as a word',
    default: 20,
    min: 0,
    group: documents,
  }),
  maxWords: wholeNumber({ help: 'reject documents of more words', defaultText: 'no limit', group: documents }),
  languages: value<string[]>(
    {
      help: `keep documents in these languages, named by their script: ${scriptLanguages.join(', ')}`,
      defaultText: 'all',
      placeholder: '<name,...>',
      group: documents,
    },
    {
      expected: `names of ${scriptLanguages.join(', ')}, separated by commas`,
      accepts: (given) =>
        Array.isArray(given) && given.length > 0 && given.every((one) => scriptLanguages.includes(one)),
      parse: (given) => given.split(','),
    },
  ),
  minLetterShare: number({
    help: 'reject documents with a smaller share of letters among their characters other than spaces',
    default: 0.5,
    min: 0,
    max: 1,
    group: documents,
  }),
  repetition: onOff({
    help: 'reject documents that repeat their own lines or phrases',
    helpOff: 'also keep documents that repeat their own lines or phrases more than the rules of Gopher allow',
    default: true,
    group: documents,
  }),
  duplicateShare: number({
    help: 'reject documents that share at least this fraction of three-word shingles with an earlier one (Jaccard)',
    helpOff: 'keep near-duplicates of earlier documents; the same text is rejected in any case',
    default: 0.8,
    above: 0,
    max: 1,
    group: documents,
  }),
  compareWith: wholeNumber({
    help: 'how many of the latest documents each one is compared with; 300 bytes of memory each',
    default: 2 ** 20,
    group: documents,
  }),
};

export const filterDocumentsOptions = {
  ...documentRules,
  keep: callback<(record: DataRecord) => boolean | string>()({
    help: 'returns true for a record to keep, and false or the reason for one to reject',
  }),
  textKey: keyOptions.textKey,
  titleKey: keyOptions.titleKey,
  rejects: recordOptions.rejects,
};
