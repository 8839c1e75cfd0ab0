import { createHash } from 'node:crypto';

/**
 * A custom prompt: text with placeholders such as `{{text}}`. Only the named placeholders are replaced, in one pass, so
 * braces of JSON in the template and anything in the values stay as they are.
 */
export type PromptTemplate = string;

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

/** The required placeholders that a template does not hold. */
export function missingPlaceholders(template: PromptTemplate, required: string[]): string[] {
  const found = new Set([...template.matchAll(PLACEHOLDER)].map((match) => match[1]));
  return required.filter((name) => !found.has(name));
}

/** Replaces the placeholders that have a value. */
export function fillTemplate(template: PromptTemplate, values: Record<string, string>): string {
  return template.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? '') : whole,
  );
}

/** The prompt's version for provenance: the name of our own, or the hash of a custom one. */
export function versionOf(ours: string, template: PromptTemplate | undefined): string {
  if (template === undefined) return ours;
  return `custom-${createHash('sha256').update(template).digest('hex').slice(0, 12)}`;
}
