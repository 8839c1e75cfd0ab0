/** The warnings about a single record, with their names in a filter. */
export const ownWarnings = {
  mentionsDocument: 'mentions the document',
  cutShort: 'answer cut short',
  negativeAbove: 'negative above positive',
  fewNegatives: 'too few negatives',
  empty: 'empty part',
  offline: 'made offline',
};

/** The warnings about a record, alone or compared with the others. */
export const warnings = {
  ...ownWarnings,
  shortReasoning: 'short reasoning',
  duplicate: 'duplicate question',
  nearDuplicate: 'near-duplicate question',
};

export type Warning = keyof typeof warnings;

/** A question must be understood without the document: these words refer to a text that its reader does not have. */
const DOCUMENT_REFERENCES = [
  /\b(?:the|this|that|these|those|given|provided|above|following|preceding)\s+(?:(?:above|given|provided|following|source)\s+)?(?:document|passage|text|article|excerpt|paragraph|snippet)s?\b/i,
  /\baccording to the author/i,
  /(?<!中)文中|文档|本文|上文|下文|该文|此文|原文|短文|这篇|本段|该段|材料中|文章/,
];

/** Returns true if a question refers to a document. */
export function mentionsDocument(question: string): boolean {
  return DOCUMENT_REFERENCES.some((pattern) => pattern.test(question));
}

/** The parts of an entry that warnings depend on. */
interface CheckedParts {
  question?: string | undefined;
  scenario?: string | undefined;
  reasoning?: string | undefined;
  negatives: { score?: number | undefined }[];
  positive: { score?: number | undefined };
  stages: { model?: string | undefined; finishReason?: string | undefined }[];
}

/** Returns the warnings about a single record. */
export function warningsOf(entry: CheckedParts, lacksNegatives: boolean): Warning[] {
  const { question, scenario, reasoning, negatives, positive, stages } = entry;
  const { score: positiveScore = Number.POSITIVE_INFINITY } = positive;
  const found: [Warning, boolean][] = [
    ['mentionsDocument', question !== undefined && mentionsDocument(question)],
    ['cutShort', stages.some(({ finishReason }) => finishReason === 'length')],
    ['negativeAbove', negatives.some(({ score }) => score !== undefined && score > positiveScore)],
    ['fewNegatives', lacksNegatives],
    ['empty', [question, scenario, reasoning].some((part) => part?.trim() === '')],
    ['offline', stages.some(({ model }) => model === 'offline')],
  ];
  return found.flatMap(([name, is]) => (is ? [name] : []));
}
