/** The formats of one table of rows, and the reader of each. */
export const formatReaders = {
  'rare-sft': "RARE's fine-tuning",
  messages: 'chat fine-tuning: OpenAI, TRL, axolotl, LLaMA-Factory',
  'prompt-completion': 'TRL, with the loss on the answer alone',
  alpaca: 'instruction tuning in the Alpaca form: LLaMA-Factory',
  sharegpt: 'conversations: LLaMA-Factory, FastChat',
  kto: 'KTO in LLaMA-Factory; see --label-key',
  'trl-kto': 'KTO in TRL; see --label-key',
  dpo: 'DPO in TRL; see --rejected-key',
  triplet: 'sentence-transformers, a row for each negative',
  'n-tuple': 'sentence-transformers, all negatives in a row',
  flagembedding: 'FlagEmbedding (BGE)',
  reasonir: "ReasonIR's retriever training (GritLM)",
  tevatron: 'Tevatron',
};

export type FormatName = keyof typeof formatReaders;
