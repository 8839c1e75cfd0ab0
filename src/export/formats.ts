import { z } from 'zod';
import { RejectError } from '../errors.js';
import type { DataRecord } from '../record.js';
import type { FormatName } from './formatNames.js';
import type { Passage, TrainingSample } from './sample.js';

/** A sample as text: the prompt, and the teacher's answer. */
export interface Rendered extends TrainingSample {
  system: string;
  /** The user message of the teacher's prompt: the question with its documents. */
  user: string;
  /** The question as a search query. */
  query: string;
  /** Returns the teacher's text with its thinking kept, wrapped or dropped. Throws RejectError if the record has none. */
  response: () => string;
}

export interface Format {
  readonly trains: 'writer' | 'retriever';
  /** True if the scenario goes before the question by default. */
  readonly withScenario: boolean;
  /** The schema of a row; `negatives` is the number of negatives, if the format fixes it. */
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

const filledText = z.string().min(1);
const texts = z.array(filledText);
const turns = z.array(z.object({ from: z.enum(['human', 'gpt']), value: filledText }));
const passages = z.array(z.object({ docid: filledText, title: z.string(), text: filledText }));

const prompt = ({ system, user }: Rendered) => (system === '' ? user : `${system}\n\n${user}`);
const conversation = (asked: string, sample: Rendered) => [
  { from: 'human', value: asked },
  { from: 'gpt', value: sample.response() },
];
const textsOf = (list: Passage[]) => list.map((passage) => passage.text);
const tevatronPassage = ({ id, text: words }: Passage) => ({ docid: id, title: '', text: words });

/** Returns the first `count` negatives. */
function exactly(count: number, { negatives }: TrainingSample): string[] {
  if (negatives.length < count)
    throw new RejectError(`it has ${negatives.length} negatives, the format takes ${count}`);
  return textsOf(negatives.slice(0, count));
}

const queryPosNeg = {
  schema: () => z.object({ query: filledText, pos: texts.min(1), neg: texts }),
  rows: (sample: Rendered) => [{ query: sample.query, pos: [sample.positive.text], neg: textsOf(sample.negatives) }],
};

/** All formats by name, each exactly as its trainer reads it. */
export const formats = {
  'rare-sft': {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ instruction: filledText, predict: filledText, id: filledText, output: z.string() }),
    rows: (sample) => [
      { instruction: prompt(sample), predict: sample.response(), id: sample.positive.id, output: sample.answer },
    ],
  },
  messages: {
    trains: 'writer',
    withScenario: true,
    schema: () =>
      z.object({
        messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: filledText })).min(2),
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
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ instruction: filledText, input: z.string(), output: filledText }),
    rows: (sample) => [
      {
        instruction: sample.system === '' ? sample.user : sample.system,
        input: sample.system === '' ? '' : sample.user,
        output: sample.response(),
      },
    ],
  },
  sharegpt: {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ conversations: turns.length(2), system: z.string() }),
    rows: (sample) => [{ conversations: conversation(sample.user, sample), system: sample.system }],
  },
  kto: {
    trains: 'writer',
    withScenario: true,
    schema: () => z.object({ conversations: turns.length(2), kto_tag: z.boolean() }),
    rows: (sample) => [{ conversations: conversation(prompt(sample), sample), kto_tag: sample.label() }],
  },
  triplet: {
    trains: 'retriever',
    withScenario: false,
    schema: () => z.object({ anchor: filledText, positive: filledText, negative: filledText }),
    rows: (sample) => {
      if (sample.negatives.length === 0) throw new RejectError('it has no negatives');
      const { query: anchor, positive } = sample;
      return textsOf(sample.negatives).map((negative) => ({ anchor, positive: positive.text, negative }));
    },
  },
  'n-tuple': {
    trains: 'retriever',
    withScenario: false,
    schema: (count) =>
      z.object({ anchor: filledText, positive: filledText, ...numbered(Array<z.ZodString>(count).fill(filledText)) }),
    rows: (sample, count) => [
      { anchor: sample.query, positive: sample.positive.text, ...numbered(exactly(count, sample)) },
    ],
  },
  flagembedding: { trains: 'retriever', withScenario: false, ...queryPosNeg },
  reasonir: { trains: 'retriever', withScenario: true, ...queryPosNeg },
  tevatron: {
    trains: 'retriever',
    withScenario: false,
    schema: () =>
      z.object({
        query_id: filledText,
        query: filledText,
        positive_passages: passages.min(1),
        negative_passages: passages,
      }),
    rows: (sample) => [
      {
        query_id: sample.queryId,
        query: sample.query,
        positive_passages: [tevatronPassage(sample.positive)],
        negative_passages: sample.negatives.map(tevatronPassage),
      },
    ],
  },
} satisfies Record<FormatName, Format>;

/** `negative_1`, `negative_2`, … */
function numbered<T>(values: T[]): Record<string, T> {
  return Object.fromEntries(values.map((value, index) => [`negative_${index + 1}`, value]));
}
