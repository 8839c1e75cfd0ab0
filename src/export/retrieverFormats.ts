import * as z from 'zod';
import { RejectError } from '../errors.js';
import { type Format, filledText, type Rendered, type RowShape, texts } from './format.js';
import type { Passage } from './sample.js';

const scoreLists = (scores: boolean) =>
  scores ? { pos_scores: z.array(z.number()), neg_scores: z.array(z.number()) } : {};
const labelOf = (scores: boolean) => (scores ? { label: z.array(z.number()) } : {});
/** Instruction and text, as GritLM reads them. */
const pairOrText = (instruction: string | undefined) =>
  instruction === undefined ? filledText : z.array(z.string()).length(2);

const passageColumns = (scores: boolean) =>
  z.array(z.object({ docid: filledText, text: filledText, ...(scores && { score: z.number() }) })).min(1);
const tevatronPassage = ({ id, text, score }: Passage, scores: boolean) => ({
  docid: id,
  text,
  ...(scores && { score }),
});

const textsOf = (list: readonly Passage[]) => list.map((passage) => passage.text);
const scoresOf = (list: readonly Passage[]) => list.map(({ score }) => score);

/** Returns the negatives, of which the trainers draw: they divide by their number or draw from an empty list if there are none. */
function someNegatives({ negatives }: Rendered): Passage[] {
  if (negatives.length === 0) throw new RejectError('it has no negatives');
  return negatives;
}

/** Returns the first `count` negatives. */
function exactly(count: number, { negatives }: Rendered): Passage[] {
  if (negatives.length < count)
    throw new RejectError(`it has ${negatives.length} negatives, the format takes ${count}`);
  return negatives.slice(0, count);
}

/** The scores of the positive and of negatives, as the labels of sentence-transformers. */
const label = ({ positive }: Rendered, negatives: readonly Passage[], { scores }: RowShape) =>
  scores ? { label: scoresOf([positive, ...negatives]) } : {};

const scoreColumns = (sample: Rendered, { scores }: RowShape) =>
  scores ? { pos_scores: scoresOf([sample.positive]), neg_scores: scoresOf(sample.negatives) } : {};

/** The formats for retrievers, each exactly as its trainer reads it. */
export const retrieverFormats = {
  triplet: {
    trains: 'retriever',
    withScenario: false,
    schema: ({ scores }) =>
      z.object({ anchor: filledText, positive: filledText, negative: filledText, ...labelOf(scores) }),
    rows: (sample, shape) =>
      someNegatives(sample).map((negative) => ({
        anchor: sample.query,
        positive: sample.positive.text,
        negative: negative.text,
        ...label(sample, [negative], shape),
      })),
  },
  'n-tuple': {
    trains: 'retriever',
    withScenario: false,
    schema: ({ negatives, scores }) =>
      z.object({
        anchor: filledText,
        positive: filledText,
        ...numbered(Array<z.ZodString>(negatives).fill(filledText)),
        ...labelOf(scores),
      }),
    rows: (sample, shape) => {
      const negatives = exactly(shape.negatives, sample);
      const { query: anchor, positive } = sample;
      return [{ anchor, positive: positive.text, ...numbered(textsOf(negatives)), ...label(sample, negatives, shape) }];
    },
  },
  flagembedding: {
    trains: 'retriever',
    withScenario: false,
    readsFolders: true,
    takesInstruction: true,
    schema: ({ scores, instruction }) =>
      z.object({
        query: filledText,
        pos: texts.min(1),
        neg: texts.min(1),
        ...scoreLists(scores),
        ...(instruction !== undefined && { prompt: z.string() }),
      }),
    rows: (sample, shape) => [
      {
        query: sample.query,
        pos: [sample.positive.text],
        neg: textsOf(someNegatives(sample)),
        ...scoreColumns(sample, shape),
        ...(shape.instruction !== undefined && { prompt: shape.instruction }),
      },
    ],
  },
  reasonir: {
    trains: 'retriever',
    withScenario: true,
    readsFolders: true,
    takesInstruction: true,
    schema: ({ scores, instruction }) => {
      const item = pairOrText(instruction);
      return z.object({ query: item, pos: z.array(item).min(1), neg: z.array(item).min(1), ...scoreLists(scores) });
    },
    rows: (sample, shape) => {
      const { instruction } = shape;
      const item = (words: string, before = '') => (instruction === undefined ? words : [before, words]);
      return [
        {
          query: item(sample.query, instruction),
          pos: [item(sample.positive.text)],
          neg: textsOf(someNegatives(sample)).map((text) => item(text)),
          ...scoreColumns(sample, shape),
        },
      ];
    },
  },
  tevatron: {
    trains: 'retriever',
    withScenario: false,
    schema: ({ scores }) =>
      z.object({
        query_id: filledText,
        query: filledText,
        positive_passages: passageColumns(scores),
        negative_passages: passageColumns(scores),
      }),
    rows: (sample, { scores }) => [
      {
        query_id: sample.queryId,
        query: sample.query,
        positive_passages: [tevatronPassage(sample.positive, scores)],
        negative_passages: someNegatives(sample).map((passage) => tevatronPassage(passage, scores)),
      },
    ],
  },
} satisfies Record<string, Format>;

/** `negative_1`, `negative_2`, … */
function numbered<T>(values: T[]): Record<string, T> {
  return Object.fromEntries(values.map((value, index) => [`negative_${index + 1}`, value]));
}
