import { detectAnalyzer } from '../analysis/detectAnalyzer.js';
import type { CorpusDocument } from './documents.js';

/** Documents that show the language of a corpus. */
const SAMPLE_DOCS = 200;
/** The part of each text that is examined, in UTF-16 units. */
const SAMPLE_CHARS = 2000;

/** A corpus whose first documents were examined; none is missing. */
export interface SampledDocuments {
  /** The analyzer that suits the corpus. */
  analyzer: 'english' | 'multilingual';
  documents: AsyncIterable<CorpusDocument>;
}

/** Reads the first 200 documents of a corpus to choose its analyzer, and yields them again before the others. */
export async function sampleDocuments(source: AsyncGenerator<CorpusDocument>): Promise<SampledDocuments> {
  const sample: CorpusDocument[] = [];
  while (sample.length < SAMPLE_DOCS) {
    const { done, value } = await source.next();
    if (done) break;
    sample.push(value);
  }
  const analyzer = detectAnalyzer(sample.map(({ text }) => text.slice(0, SAMPLE_CHARS)));
  return { analyzer, documents: replayed(sample, source) };
}

async function* replayed(
  sample: CorpusDocument[],
  rest: AsyncGenerator<CorpusDocument>,
): AsyncGenerator<CorpusDocument> {
  try {
    yield* sample;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
