import { z } from 'zod';
import { RejectError } from '../errors.js';
import type { DataRecord } from '../record.js';
import type { Passage, Sample } from './sample.js';

/** A sample as text: how it is asked, and what the teacher wrote. */
export interface Rendered extends Sample {
  system: string;
  /** The question with its documents, as the teacher was asked. */
  user: string;
  /** The question as a search query. */
  query: string;
  /** The teacher's text, its thinking kept, wrapped or dropped. Throws RejectError where the record has none. */
  response: () => string;
}

export interface Format {
  /** Who reads it. */
  readonly about: string;
  readonly trains: 'writer' | 'retriever';
  /** Whether the scenario goes before the question where nobody says so. */
  readonly withScenario: boolean;
  /** One row; `negatives` is the number of negatives in each, where the form fixes it. */
  readonly schema: (negatives: number) => z.ZodType<DataRecord>;
  readonly rows: (sample: Rendered, negatives: number) => DataRecord[];
}

/** A row and the file that it belongs to. */
export interface Part extends DataRecord {
  /** `train.jsonl`, `validation.jsonl`; for BEIR `corpus.jsonl`, `queries.jsonl`, `qrels/train.tsv`. */
  file: string;
  /** A line of a `.tsv`, or a row. */
  row: DataRecord | string;
  /** The first line of the file. */
  header?: string;
}

export type PartsOf = (sample: Rendered, split: string) => Part[];

const text = z.string().min(1);
const texts = z.array(text);
const turns = z.array(z.object({ from: z.enum(['human', 'gpt']), value: text }));
const passages = z.array(z.object({ docid: text, title: z.string(), text }));

const prompt = ({ system, user }: Rendered) => (system === '' ? user : `${system}\n\n${user}`);
const conversation = (asked: string, sample: Rendered) => [
  { from: 'human', value: asked },
  { from: 'gpt', value: sample.response() },
];
const textsOf = (list: Passage[]) => list.map((passage) => passage.text);
const tevatronPassage = ({ id, text: words }: Passage) => ({ docid: id, title: '', text: words });

/** The negatives of a row that has a fixed number of them. */
function exactly(count: number, { negatives }: Sample): string[] {
  if (negatives.length < count) throw new RejectError(`it has ${negatives.length} negatives, the form takes ${count}`);
  return textsOf(negatives.slice(0, count));
}

const queryPosNeg = {
  schema: () => z.object({ query: text, pos: texts.min(1), neg: texts }),
  rows: (sample: Rendered) => [{ query: sample.query, pos: [sample.positive.text], neg: textsOf(sample.negatives) }],
};

/** Every form by its name, each exactly as its consumer reads it. */
export const formats = {
  'rare-sft': {
    about: "RARE's fine-tuning",
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ instruction: text, predict: text, id: text, output: z.string() }),
    rows: (sample) => [
      { instruction: prompt(sample), predict: sample.response(), id: sample.positive.id, output: sample.answer },
    ],
  },
  messages: {
    about: 'chat fine-tuning: OpenAI, TRL, axolotl',
    trains: 'writer',
    withScenario: true,
    schema: () =>
      z.object({
        messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: text })).min(2),
      }),
    rows: (sample) => [
      {
        messages: [
          ...(sample.system === '' ? [] : [{ role: 'system', content: sample.system }]),
          { role: 'user', content: sample.user },
          { role: 'assistant', content: sample.response() },
        ],
      },
    ],
  },
  alpaca: {
    about: 'instruction tuning in the Alpaca form',
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ instruction: text, input: z.string(), output: text }),
    rows: (sample) => [
      {
        instruction: sample.system === '' ? sample.user : sample.system,
        input: sample.system === '' ? '' : sample.user,
        output: sample.response(),
      },
    ],
  },
  sharegpt: {
    about: 'conversations: LLaMA-Factory, FastChat, axolotl',
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ conversations: turns.length(2), system: z.string() }),
    rows: (sample) => [{ conversations: conversation(sample.user, sample), system: sample.system }],
  },
  kto: {
    about: 'preference tuning by single judgements (KTO); see --label-key',
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ conversations: turns.length(2), kto_tag: z.boolean() }),
    rows: (sample) => [{ conversations: conversation(prompt(sample), sample), kto_tag: sample.label() }],
  },
  triplet: {
    about: 'sentence-transformers, a row for each negative',
    trains: 'retriever',
    withScenario: false,
    schema: () => z.object({ anchor: text, positive: text, negative: text }),
    rows: (sample) => {
      if (sample.negatives.length === 0) throw new RejectError('it has no negatives');
      const { query: anchor, positive } = sample;
      return textsOf(sample.negatives).map((negative) => ({ anchor, positive: positive.text, negative }));
    },
  },
  'n-tuple': {
    about: 'sentence-transformers, all negatives in a row',
    trains: 'retriever',
    withScenario: false,
    schema: (count) => z.object({ anchor: text, positive: text, ...numbered(Array<z.ZodString>(count).fill(text)) }),
    rows: (sample, count) => [
      { anchor: sample.query, positive: sample.positive.text, ...numbered(exactly(count, sample)) },
    ],
  },
  flagembedding: { about: 'FlagEmbedding (BGE)', trains: 'retriever', withScenario: false, ...queryPosNeg },
  reasonir: { about: "ReasonIR's retriever training", trains: 'retriever', withScenario: true, ...queryPosNeg },
  tevatron: {
    about: 'Tevatron',
    trains: 'retriever',
    withScenario: false,
    schema: () =>
      z.object({ query_id: text, query: text, positive_passages: passages.min(1), negative_passages: passages }),
    rows: (sample) => [
      {
        query_id: sample.queryId,
        query: sample.query,
        positive_passages: [tevatronPassage(sample.positive)],
        negative_passages: sample.negatives.map(tevatronPassage),
      },
    ],
  },
} satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;

/** `negative_1`, `negative_2`, … */
function numbered<T>(values: T[]): Record<string, T> {
  return Object.fromEntries(values.map((value, place) => [`negative_${place + 1}`, value]));
}
