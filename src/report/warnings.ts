import { finishKind } from '../answers/finishReason.js';
import { mentionsDocument } from '../operators/doc2Query/mentionsDocument.js';

/** The warnings about a single record, with their names in a filter. */
export const ownWarnings = {
  mentionsDocument: 'mentions the document',
  cutShort: 'answer cut short',
  unknownFinish: 'unknown finish reason',
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
    ['cutShort', stages.some(({ finishReason }) => /^(length|context)$/.test(finishKind(finishReason)))],
    ['unknownFinish', stages.some(({ finishReason }) => finishKind(finishReason) === 'unknown')],
    ['negativeAbove', negatives.some(({ score }) => score !== undefined && score > positiveScore)],
    ['fewNegatives', lacksNegatives],
    ['empty', [question, scenario, reasoning].some((part) => part?.trim() === '')],
    ['offline', stages.some(({ model }) => model === 'offline')],
  ];
  return found.flatMap(([name, is]) => (is ? [name] : []));
}
