import type { Completion, Thinking, Usage } from '../llm/chatModel.js';

/** The provenance of a model's part of a record: doc2query and reasonDistill keep it under `_rareflow.<stage>`. */
export type ModelProvenance = {
  /** The model that answered, as the server names it. */
  model: string;
  /** The prompt's version: the name of our own, or the hash of a custom one. */
  prompt: string;
  /** Requests made for the record, including those that failed and those whose answer could not be used. */
  attempts: number;
  finishReason: string;
  /** The field that held the thinking, if it came apart from the answer. */
  thinking?: Thinking['source'];
} & Partial<Usage>;

/** Describes how an answer was made, without its tokens: only one of the records that share an answer has those. */
export function provenanceOf(
  { model, attempts, finishReason, thinking }: Omit<Completion, 'text' | 'usage'>,
  prompt: string,
): ModelProvenance {
  return { model, prompt, attempts, finishReason, ...(thinking && { thinking: thinking.source }) };
}
