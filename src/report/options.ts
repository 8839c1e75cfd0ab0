import { keyOptions } from '../operators/keyOptions.js';
import { key, type OptionsOf, object, type Resolved, resolveOptions, text, wholeNumber } from '../util/options.js';

/** The keys of the parts of a record that a page shows. */
export const entryKeyOptions = {
  ...keyOptions,
  titleKey: key('title', { help: 'the key of the title' }),
};

export type EntryKeys = Resolved<typeof entryKeyOptions>;

export const defaultEntryKeys: EntryKeys = resolveOptions('the keys of an entry', entryKeyOptions);

/** The options of a collector. */
export const collectorOptions = {
  sample: wholeNumber({ min: 0, default: 200, help: 'how many records the page shows, chosen at random' }),
  seed: wholeNumber({ min: 0, default: 0, help: 'seeds that choice' }),
  ...entryKeyOptions,
};

export type CollectorSettings = Resolved<typeof collectorOptions>;

/** The options of `makeReport`. */
export const reportOptions = {
  ...collectorOptions,
  title: object<string>()(
    { help: 'the title of the page: the name of the output', defaultText: 'rareflow report' },
    { expected: 'a text', accepts: (value) => typeof value === 'string' },
  ),
  rejects: object<AsyncIterable<unknown>>()(
    { help: 'the lines of the rejects file', defaultText: 'the page says that none was found' },
    {
      expected: 'an async iterable',
      accepts: (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
    },
  ),
  summary: object<unknown>()(
    { help: 'the content of summary.json, if there is one' },
    { expected: 'any value', accepts: () => true },
  ),
};

/** The options of `startView`. */
export const viewOptions = {
  port: wholeNumber({ min: 0, default: 0, help: 'the port on 127.0.0.1; 0 takes a free one' }),
  title: text({ required: true, mayBeEmpty: true, help: 'the title of the page: the name of the file' }),
  ...entryKeyOptions,
};

export type ReportOptions = OptionsOf<typeof reportOptions>;
export type ViewOptions = OptionsOf<typeof viewOptions>;
