import { type DataRecord, isRecord } from '../../record.js';

/** Records of a corpus that tell its language. */
const SAMPLE_RECORDS = 200;
/** Characters of each text that are looked at. */
const SAMPLE_CHARS = 2000;

/** A corpus whose first records were looked at, whole. */
export interface SampledCorpus {
  /** The analyzer that suits it. */
  analyzer: 'english' | 'multilingual';
  records: AsyncIterable<DataRecord>;
}

/** Reads the first records of a corpus to tell its language, and gives them again before the others. */
export async function sampleCorpus(source: AsyncIterable<DataRecord>, textKey: string): Promise<SampledCorpus> {
  const { detectAnalyzer } = await import('../../search/analysis/detect.js');
  const iterator = source[Symbol.asyncIterator]();
  const first: DataRecord[] = [];
  while (first.length < SAMPLE_RECORDS) {
    const { done, value } = await iterator.next();
    if (done) break;
    first.push(value);
  }
  const texts = first.map((record) => (isRecord(record) ? record[textKey] : undefined));
  const analyzer = detectAnalyzer(
    texts.filter((text) => typeof text === 'string').map((text) => text.slice(0, SAMPLE_CHARS)),
  );
  return { analyzer, records: resumed(first, iterator) };
}

async function* resumed(first: DataRecord[], rest: AsyncIterator<DataRecord>): AsyncGenerator<DataRecord> {
  try {
    yield* first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
