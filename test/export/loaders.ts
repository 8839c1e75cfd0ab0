import { z } from 'zod';
import type { FormatName } from '../../src/export/formatNames.js';

/**
 * The rules by which each trainer loads a row, from its own code: see the table in src/export/README.md. They are written apart
 * from our schemas, which describe what we write.
 */
const text = z.string().min(1);

/** TRL, data_utils.py: messages have a role and a content. The template of a model applies to the roles. */
const trlMessages = z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: text })).min(1);
const trlAnswer = z.tuple([z.object({ role: z.literal('assistant'), content: text })]);

/** LLaMA-Factory, converter.py: turns of a person and of the assistant alternate, and their number is even. */
const alternates = (roleKey: string, roles: [string, string]) => (turns: Record<string, unknown>[]) =>
  turns.length % 2 === 0 && turns.every((turn, index) => turn[roleKey] === roles[index % 2]);
const factoryTurns = z
  .array(z.object({ from: z.string(), value: text }))
  .refine(alternates('from', ['human', 'gpt']), 'human and gpt take turns');

/** FlagEmbedding, AbsDataset.py: divides by the number of negatives; scores are lists of numbers, one for each text. */
const flagRow = z
  .object({
    query: text,
    pos: z.array(text).min(1),
    neg: z.array(text).min(1),
    pos_scores: z.array(z.number()),
    neg_scores: z.array(z.number()),
  })
  .refine(
    ({ pos, neg, pos_scores, neg_scores }) => pos.length === pos_scores.length && neg.length === neg_scores.length,
  );

/** GritLM, data.py: a text or [instruction, text], of one kind throughout a row; divides by the number of negatives. */
const gritRow = (item: z.ZodType) => z.object({ query: item, pos: z.array(item).min(1), neg: z.array(item).min(1) });

/** Sentence Transformers, data_collator.py: a label is numbers; every other column is an input text, in the order of the columns. */
const sentenceRow = (first: string[]) =>
  z.record(z.string(), z.unknown()).superRefine((row, context) => {
    const { label, ...inputs } = row;
    if (String(Object.keys(inputs).slice(0, first.length)) !== String(first)) context.addIssue('the order of columns');
    if (!Object.values(inputs).every((input) => typeof input === 'string' && input !== '')) context.addIssue('a text');
    const numbers = Array.isArray(label) && label.every((one) => typeof one === 'number');
    if (!numbers || label.length !== Object.keys(inputs).length - 1) context.addIssue('a score for each document');
  });

/** Tevatron, dataset.py: adds title and text if a passage has a title; draws from the negatives. */
const tevatronPassages = z.array(z.object({ docid: text, text, title: text.optional(), score: z.number() })).min(1);

export const loaders: Record<FormatName, z.ZodType> = {
  'rare-sft': z.object({ instruction: text, predict: text, id: text, output: z.string() }),
  messages: z.object({
    messages: trlMessages.refine((turns) => {
      const said = turns[0]?.role === 'system' ? turns.slice(1) : turns;
      return alternates('role', ['user', 'assistant'])(said);
    }),
  }),
  'prompt-completion': z.object({ prompt: trlMessages, completion: trlAnswer }),
  alpaca: z.object({ instruction: text, input: z.string(), output: text }),
  sharegpt: z.object({ conversations: factoryTurns, system: z.string() }),
  kto: z.object({ conversations: factoryTurns, kto_tag: z.boolean() }),
  'trl-kto': z.object({ prompt: trlMessages, completion: trlAnswer, label: z.boolean() }),
  dpo: z.object({ prompt: trlMessages, chosen: trlAnswer, rejected: trlAnswer }),
  triplet: sentenceRow(['anchor', 'positive', 'negative']),
  'n-tuple': sentenceRow(['anchor', 'positive', 'negative_1', 'negative_2']),
  flagembedding: flagRow,
  reasonir: z.union([gritRow(text), gritRow(z.tuple([z.string(), text]))]),
  tevatron: z.object({
    query_id: text,
    query: text,
    positive_passages: tevatronPassages,
    negative_passages: tevatronPassages,
  }),
};
