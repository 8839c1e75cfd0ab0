import { choice, key, omit, wholeNumber } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { recordOptions } from '../recordOptions.js';

const { textKey, idKey } = keyOptions;

export const splitOptions = {
  by: choice(['sentences', 'words', 'headings'], {
    help: 'where texts may be cut: after a sentence, after any word, or before a Markdown heading; longer sections are cut after sentences',
    default: 'sentences',
    group: 'Split',
  }),
  maxWords: wholeNumber({
    help: 'the most words of a passage; two characters of Chinese or Japanese count as one',
    default: 200,
    group: 'Split',
  }),
  overlap: wholeNumber({
    help: 'the most words at the end of a passage that the next one repeats',
    default: 0,
    min: 0,
    group: 'Split',
  }),
  parentKey: key('parent', {
    help: 'the key for the id of the whole document; index --group-key takes it',
    group: 'Split',
  }),
  textKey,
  idKey,
  ...omit(recordOptions, 'keepExisting', 'onKept'),
};
