import type { StructuredOutput } from '../capabilities.js';
import type { AnswerSchema } from '../chatModel.js';

export type ResponseFormat =
  | { type: 'json_schema'; json_schema: { name: string; strict: true; schema: Record<string, unknown> } }
  | { type: 'json_object' };

/** The next way to ask if one is refused. */
export const weakerFormat = { json_schema: 'json_object', json_object: 'none' } as const;

/** Returns the parameter that asks for JSON; undefined if the prompt alone does. */
export function responseFormat(how: StructuredOutput, schema: AnswerSchema | undefined): ResponseFormat | undefined {
  if (schema === undefined || how === 'none') return undefined;
  if (how === 'json_object') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: schema.name, strict: true, schema: schema.schema } };
}
