import { createHash } from 'node:crypto';
import { UsageError } from '../errors.js';
import type { PromptLanguage } from '../util/language.js';

/**
 * A prompt of the user's own: text with placeholders such as `{{text}}`. Only the named placeholders are replaced, in one
 * pass, so braces of JSON in the template and anything in the values stay as they are.
 */
export type PromptTemplate = string;

/** What every operator that prompts a model takes. */
export interface PromptOptions {
  /** The prompt's language. Default `auto`: Chinese for a text in Chinese, English otherwise. */
  language?: PromptLanguage | 'auto' | undefined;
  /** A prompt of your own in place of ours, with its placeholders in double braces. */
  promptTemplate?: PromptTemplate | undefined;
}

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

/** The prompt's version for provenance: ours by name, the user's own by its hash. */
export function versionOf(ours: string, template: PromptTemplate | undefined): string {
  if (template === undefined) return ours;
  return `custom-${createHash('sha256').update(template).digest('hex').slice(0, 12)}`;
}
