import { namesFile } from '../answers/servedName.js';
import type { Completion, Thinking, Usage } from '../llm/chatModel.js';

/**
 * The provenance of a model's part of a record: doc2query and reasonDistill keep it under `_rareflow.<stage>`. Every record has
 * the same keys, null if there is no value, so that readers that infer a schema find one.
 */
export type ModelProvenance = {
  /** The model that was asked. */
  model: string;
  /** The name that the server gives it, if that is another; the path of a file only by the option `servedModel`. Else null. */
  servedModel: string | null;
  /** The prompt's version: the name of our own, or the hash of a custom one. */
  prompt: string;
  /** Requests made for the record, including those that failed and those whose answer could not be used. */
  attempts: number;
  finishReason: string;
  /** The field that held the thinking, if it came apart from the answer. */
  thinking: Thinking['source'] | null;
  /** The field for reasoning that held the whole answer. */
  answerFrom: Thinking['source'] | null;
  /** The mark of a chat template, such as `<|im_end|>`, at which the answer was cut off. */
  cut: string | null;
} & TokenProvenance;

/** The tokens of a record; null if the server did not report them, or another record that shares the answer has them. */
export interface TokenProvenance {
  promptTokens: number | null;
  completionTokens: number | null;
  cachedTokens: number | null;
  reasoningTokens: number | null;
  /** True if the server reported no usage and the numbers are our estimate. */
  estimated: boolean;
  /** True if the answers came from the cache. */
  cached: boolean;
}

/** Describes how an answer was made, without its tokens: only one of the records that share an answer has those. */
export function provenanceOf(
  { model, servedModel, attempts, finishReason, thinking, answerFrom, cut }: Omit<Completion, 'text' | 'usage'>,
  prompt: string,
  { keepsServed = false }: { keepsServed?: boolean } = {},
): Omit<ModelProvenance, keyof TokenProvenance> {
  const isNamed = servedModel !== undefined && (keepsServed || !namesFile(servedModel));
  return {
    ...{ model, servedModel: isNamed ? servedModel : null, prompt, attempts, finishReason },
    ...{ thinking: thinking?.source ?? null, answerFrom: answerFrom ?? null, cut: cut ?? null },
  };
}

/** Describes the tokens of an answer; without a usage, those of a record whose tokens another record has. */
export function tokenProvenance(usage: Partial<Usage> = {}, cached = false): TokenProvenance {
  const { promptTokens = null, completionTokens = null, cachedTokens = null, reasoningTokens = null } = usage;
  return { promptTokens, completionTokens, cachedTokens, reasoningTokens, estimated: usage.estimated === true, cached };
}
