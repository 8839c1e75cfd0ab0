/** The formats of one table of rows, and the reader of each. */
export const formatReaders = {
  'rare-sft': "RARE's fine-tuning",
  messages: 'chat fine-tuning: OpenAI, TRL, axolotl',
  alpaca: 'instruction tuning in the Alpaca form',
  sharegpt: 'conversations: LLaMA-Factory, FastChat, axolotl',
  kto: 'preference tuning by single judgements (KTO); see --label-key',
  triplet: 'sentence-transformers, a row for each negative',
  'n-tuple': 'sentence-transformers, all negatives in a row',
  flagembedding: 'FlagEmbedding (BGE)',
  reasonir: "ReasonIR's retriever training",
  tevatron: 'Tevatron',
};

export type FormatName = keyof typeof formatReaders;
