import type { Analyzer, AnalyzerOption } from '../analysis/analyzer.js';
import { analyzerOfOption } from '../analysis/registry.js';

/** The options of FlexSearch's Index under which it keeps exact postings for a Bm25Storage. */
export interface Bm25Options {
  encode: (text: string) => string[];
  score: (content: string[], term: string) => number;
  tokenize: 'strict';
  context: false;
  fastupdate: false;
}

const analyzersByEncode = new WeakMap<object, Analyzer>();

/**
 * Options to spread into `new Index({ ...bm25Options(), commit: false })` of FlexSearch, before a Bm25Storage is mounted on it. They
 * turn texts into Lucene's terms, and put each document of a term into the slot tf − 1, where the storage reads its tf.
 * `analyzer` (default `english`) must be that of the index, if there is one. Throws UsageError for an unknown one.
 */
export function bm25Options({ analyzer = 'english' }: { analyzer?: AnalyzerOption | undefined } = {}): Bm25Options {
  const found = analyzerOfOption(analyzer);
  const encode = (text: string) => found.tokens(text);
  analyzersByEncode.set(encode, found);
  return { encode, score: slotCounter(), tokenize: 'strict', context: false, fastupdate: false };
}

/** The analyzer behind an `encode` that `bm25Options` made. */
export function analyzerOf(encode: unknown): Analyzer | undefined {
  return typeof encode === 'function' ? analyzersByEncode.get(encode) : undefined;
}

/** FlexSearch asks once for each distinct term of a document, with all of its terms. */
function slotCounter(): Bm25Options['score'] {
  let counted: string[] | undefined;
  let tfs = new Map<string, number>();
  return (content, term) => {
    if (content !== counted) {
      counted = content;
      tfs = new Map();
      for (const token of content) tfs.set(token, (tfs.get(token) ?? 0) + 1);
    }
    return (tfs.get(term) ?? 1) - 1;
  };
}
