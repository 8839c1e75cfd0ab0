import { createHash } from 'node:crypto';
import * as z from 'zod';
import { answerSchema } from '../answers/jsonAnswer.js';
import type { AnswerSchema } from '../llm/chatModel.js';
import { fenceSuffix } from './fence.js';

/** The material that a judge reads: texts by the names of their tags, and documents with their ids. */
export interface JudgedMaterial {
  question: string;
  scenario?: string | undefined;
  documents: { id: string; text: string }[];
}

/**
 * Returns ids for texts, 8 hexadecimal digits each, that nobody can guess who writes one of the texts: they are made of all of
 * them and the seed, and none of the texts holds one. An answer that a document quotes, or orders, cannot have them.
 */
export function unguessableIds(count: number, seed: number, texts: string[]): string[] {
  for (let attempt = 0; ; attempt++) {
    const ids = Array.from({ length: count }, (_, index) =>
      createHash('sha256')
        .update(JSON.stringify([seed, attempt, index, texts]))
        .digest('hex')
        .slice(0, 8),
    );
    const isFree = (id: string) => texts.every((text) => !text.toLowerCase().includes(id));
    if (new Set(ids).size === count && ids.every(isFree)) return ids;
  }
}

/** Renders the material with each text between tags that it cannot end. */
export function renderMaterial({ question, scenario, documents }: JudgedMaterial): string {
  const texts = [question, scenario ?? '', ...documents.map(({ text }) => text)];
  const suffix = fenceSuffix(['documents?', 'question', 'scenario'], texts);
  const fenced = (tag: string, text: string, attributes = '') =>
    `<${tag}${suffix}${attributes}>\n${text}\n</${tag}${suffix}>`;
  return [
    ...(scenario === undefined ? [] : [fenced('scenario', scenario)]),
    fenced('question', question),
    ...documents.map(({ id, text }) => fenced('document', text, ` id="${id}"`)),
  ].join('\n\n');
}

/** A verdict on one criterion, with the reason that the judge wrote before it. */
export interface CriterionVerdict {
  reason: string;
  verdict: boolean;
}

const criterionForm = z.strictObject({ reason: z.string(), verdict: z.boolean() });

/** The form that a prompt asks for. Each reason comes before its verdict, so that the verdict follows from it. */
export function criteriaSchema(key: string, names: readonly string[]): AnswerSchema {
  const forms = Object.fromEntries(names.map((name) => [name, criterionForm]));
  return answerSchema(key, z.strictObject({ [key]: z.strictObject({ id: z.string(), ...forms }) }));
}

/** The same form as the prompt shows it. */
export function criteriaShape(key: string, names: readonly string[]): string {
  const entries = names.map((name) => `"${name}": {"reason": "…", "verdict": true|false}`).join(', ');
  return `{"${key}": {"id": "…", ${entries}}}`;
}

const verdict = z.union([
  z.boolean(),
  z
    .string()
    .transform((text) => text.trim().toLowerCase())
    .pipe(z.enum(['true', 'false', 'yes', 'no']))
    .transform((text) => text === 'true' || text === 'yes'),
]);
const readCriterion = z.union([
  verdict.transform((held): CriterionVerdict => ({ reason: '', verdict: held })),
  z
    .object({ reason: z.string().nullish(), verdict })
    .transform(({ reason, verdict: held }): CriterionVerdict => ({ reason: (reason ?? '').trim(), verdict: held })),
]);

/** The form of verdicts on criteria under a key, `{key: {id, criterion: {reason, verdict}, …}}`, about the material with the id. */
export function verdictForm<const C extends string>(
  key: string,
  names: readonly C[],
  id: string,
): z.ZodType<Record<C, CriterionVerdict>> {
  const judged = z
    .object({
      id: z.string().refine((given) => given.trim().toLowerCase() === id, `its id is not ${id}`),
      ...Object.fromEntries(names.map((name) => [name, readCriterion])),
    })
    .transform(({ id: _, ...verdicts }) => verdicts as unknown as Record<C, CriterionVerdict>);
  return z.object({ [key]: judged }).transform((object) => object[key] as Record<C, CriterionVerdict>);
}
