import type { Completion, Thinking, Usage } from '../llm/chatModel.js';

/** How a model made its part of a record: what doc2query and reasonDistill keep under `_rareflow.<stage>`. */
export type ModelProvenance = {
  /** The model that answered, as the server names it. */
  model: string;
  /** The prompt's version: ours by name, the user's own by its hash. */
  prompt: string;
  /** Requests that were made for it; passing faults and answers that could not be used are among them. */
  attempts: number;
  finishReason: string;
  /** Where thinking came from that came apart from the answer. */
  thinking?: Thinking['source'];
} & Partial<Usage>;

/** Tells how an answer was made, without its tokens: a record that shares its answer with another one tells none. */
export function provenanceOf(
  { model, attempts, finishReason, thinking }: Omit<Completion, 'text' | 'usage'>,
  prompt: string,
): ModelProvenance {
  return { model, prompt, attempts, finishReason, ...(thinking && { thinking: thinking.source }) };
}
