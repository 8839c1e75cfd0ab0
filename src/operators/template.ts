import { UsageError } from '../errors.js';

/**
 * A prompt of the user's own: text with placeholders such as `{{text}}`. Only the named placeholders are replaced, in one
 * pass, so braces of JSON in the template and anything in the values stay as they are.
 */
export type PromptTemplate = string;

const placeholder = /\{\{\s*(\w+)\s*\}\}/g;

/** Throws UsageError unless the template holds every required placeholder. */
export function checkTemplate(template: PromptTemplate, required: string[]): void {
  const found = new Set([...template.matchAll(placeholder)].map((match) => match[1]));
  const missing = required.filter((name) => !found.has(name));
  if (missing.length === 0) return;
  throw new UsageError(`the prompt template lacks ${missing.map((name) => `{{${name}}}`).join(' and ')}`, {
    hint: 'write the placeholder where the text belongs',
  });
}

/** Puts the values where the template names them. */
export function fillTemplate(template: PromptTemplate, values: Record<string, string>): string {
  return template.replace(placeholder, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? '') : whole,
  );
}
