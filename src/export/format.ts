import * as z from 'zod';
import type { DataRecord } from '../record.js';
import type { TrainingSample } from './sample.js';

/** A sample as text: the prompt, and the teacher's answer. */
export interface Rendered extends TrainingSample {
  system: string;
  /** The user message of the teacher's prompt: the question with its documents. */
  user: string;
  /** The question as a search query. */
  query: string;
  /** Returns the teacher's text with its thinking kept, wrapped or dropped. Throws RejectError if the record has none. */
  response: () => string;
  /** Returns worse answers to the same prompt, with their thinking as in `response`. Throws RejectError if the record has none. */
  rejected: () => string[];
}

/** The facts that the rows of a file have in common. */
export interface RowShape {
  /** The number of negatives, for a format that fixes it. */
  negatives: number;
  /** True if rows hold the scores of the positive and the negatives. */
  scores: boolean;
  /** The instruction of the query, if rows hold one. */
  instruction: string | undefined;
}

export interface Format {
  readonly trains: 'writer' | 'retriever';
  /** True if the scenario goes before the question by default. */
  readonly withScenario: boolean;
  /** The schema of a row. */
  readonly schema: (shape: RowShape) => z.ZodType<DataRecord>;
  /** Throws RejectError for a sample that the format cannot hold. */
  readonly rows: (sample: Rendered, shape: RowShape) => DataRecord[];
  /** True if the trainer reads JSON Lines alone, and every such file of a folder: each split gets a folder. */
  readonly readsFolders?: boolean;
  /** True if rows can hold an instruction. */
  readonly takesInstruction?: boolean;
  /** The keys of the format's entry in LLaMA-Factory's dataset_info.json, if it reads the format. */
  readonly llamaFactory?: DataRecord;
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

export const filledText = z.string().min(1);
export const texts = z.array(filledText);

/** Returns the JSON Schema of a file's rows, which hold scores if the first one does. */
export function rowSchemaOf(
  { schema }: Format,
  { numNeg, instruction }: { numNeg: number; instruction?: string | undefined },
  firstRow: object | string,
): object {
  const withScores = schema({ negatives: numNeg, instruction, scores: true });
  const withoutScores = () => schema({ negatives: numNeg, instruction, scores: false });
  return z.toJSONSchema(withScores.safeParse(firstRow).success ? withScores : withoutScores());
}
