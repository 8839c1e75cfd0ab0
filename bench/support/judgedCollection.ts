// Judged collections that are made of texts alone, for the benches negatives and judged. A qrel says that two texts are of one page; nobody
// read them. So a relevant document may say little about the question, and a document of another page may answer it: such collections
// compare rules with each other, and do not say what people would find.
//
//   titles    the title of a page asks; its passages, all documents of that title, are relevant
//   siblings  a sentence of 8 to 40 words asks, from a passage that is taken out of the corpus; the other passages of its page are relevant
//   parts     the title of a document asks; the documents are parts of 70 words at most, and those of the same document are relevant
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readRecords } from '../../src/index.js';
import { passagesOf } from '../../src/operators/split/passages.js';
import { seededRandom, shuffledOrder } from '../../src/util/random.js';

export const collectionKinds = ['titles', 'siblings', 'parts'] as const;

export interface CollectionOptions {
  kind: (typeof collectionKinds)[number];
  /** JSONL of `{id, title, text}`. */
  corpus: string;
  /** The most documents; whole pages are taken until there are as many. */
  documents: number;
  questions: number;
  /** Chooses the pages, and those that are asked about. */
  seed: number;
}

interface Document {
  id: string;
  text: string;
}

/** A page is asked about if this many of its documents are relevant. */
const RELEVANT = { min: 2, max: 12 };
const WORDS_PER_PART = 70;
const WORDS_TO_ASK = { min: 8, max: 40 };

/** Writes corpus.jsonl, queries.jsonl and qrels.tsv to a folder. The same texts and seed give the same files. */
export async function writeJudgedCollection(folder: string, options: CollectionOptions): Promise<void> {
  const { kind, questions, seed } = options;
  const pages = await chosenPages(options);
  const asked = new Map<string, string>();
  for (const at of shuffledOrder(pages.length, seededRandom('questions', seed))) {
    if (asked.size === questions) break;
    const [title, documents] = pages[at] as [string, Document[]];
    const { min, max } = RELEVANT;
    const relevant = documents.length - (kind === 'siblings' ? 1 : 0);
    if (relevant < min || relevant > max) continue;
    const question = kind === 'siblings' ? takenSentence(documents, seededRandom('sentence', seed, title)) : title;
    if (question !== undefined) asked.set(title, question);
  }
  mkdirSync(folder, { recursive: true });
  const write = (name: string, lines: string[]) => writeFileSync(path.join(folder, name), `${lines.join('\n')}\n`);
  write(
    'corpus.jsonl',
    pages.flatMap(([, documents]) => documents.map((document) => JSON.stringify(document))),
  );
  const queries = [...asked].map(([title, text], index) => ({ id: `q${index}`, text, title }));
  write(
    'queries.jsonl',
    queries.map((query) => JSON.stringify(query)),
  );
  const documentsOf = new Map(pages);
  write(
    'qrels.tsv',
    queries.flatMap(({ id, title }) => (documentsOf.get(title) ?? []).map((document) => `${id}\t${document.id}\t1`)),
  );
}

/** Returns titles and the documents of each, in the order of the corpus. */
async function chosenPages({
  kind,
  corpus,
  documents: most,
  seed,
}: CollectionOptions): Promise<[string, Document[]][]> {
  const all = new Map<string, Document[]>();
  for await (const { id, title, text } of readRecords([corpus])) {
    if (typeof title !== 'string' || typeof text !== 'string') continue;
    const documents = all.get(title) ?? [];
    all.set(title, documents);
    if (kind === 'parts') documents.push(...partsOf(String(id), text));
    else documents.push({ id: String(id), text });
  }
  const pages = [...all];
  const chosen = new Set<number>();
  let count = 0;
  for (const at of shuffledOrder(pages.length, seededRandom('pages', seed))) {
    count += (pages[at] as [string, Document[]])[1].length;
    if (count > most) break;
    chosen.add(at);
  }
  return pages.filter((_, at) => chosen.has(at));
}

function partsOf(id: string, text: string): Document[] {
  const ranges = [...passagesOf(text, { by: 'sentences', maxWords: WORDS_PER_PART, overlap: 0 })];
  return ranges.map(({ start, end }, index) => ({ id: `${id}#${index + 1}`, text: text.slice(start, end) }));
}

/** Takes a passage out of a page, and returns a sentence of it; undefined, and takes nothing, if none has the length. */
function takenSentence(documents: Document[], random: () => number): string | undefined {
  const at = Math.floor(random() * documents.length);
  const sentences = (documents[at] as Document).text.split(/(?<=[.?!])\s+/);
  const fit = sentences.filter((sentence) => {
    const words = sentence.split(/\s+/).length;
    return words >= WORDS_TO_ASK.min && words <= WORDS_TO_ASK.max;
  });
  const sentence = fit[Math.floor(random() * fit.length)];
  if (sentence !== undefined) documents.splice(at, 1);
  return sentence;
}
