/** Lucene's 33 English stop words. */
export const englishStopWords: ReadonlySet<string> = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this ' +
    'to was will with'
  ).split(' '),
);

/** The stop words of Lucene's CJKAnalyzer. */
export const cjkStopWords: ReadonlySet<string> = new Set(
  (
    'a and are as at be but by for if in into is it no not of on or s such t that the their then there these they this ' +
    'to was will with www'
  ).split(' '),
);
