import type { AnswerSchema } from '../chatModel.js';
import type { AttemptError } from '../failures/attemptError.js';

/** The way to ask for JSON: by its schema, as any JSON, or in the prompt alone. */
export type StructuredOutput = 'json_schema' | 'json_object' | 'none';

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

/**
 * The refusals: "'response_format' of type 'json_schema' is not supported with this model" (OpenAI), "This response_format type is
 * unavailable now" (DeepSeek), "invalid schema for response format" (Groq), "'response_format.type' must be …" (LM
 * Studio), "Json mode is not enabled" (Gemini), "not supported by xgrammar", "guided decoding" (vLLM), "failed to parse
 * grammar" (llama.cpp), "structured outputs" (xAI, gateways).
 */
const FORMAT_MESSAGE = /response[_ ]?format|json[_ ]?(schema|object|mode)|structured[_ ]output|guided[_ ]|grammar/i;
/** OpenRouter's 404 if no provider accepts all parameters of a request. */
const NO_PROVIDER_MESSAGE = /no endpoints found that (can handle the requested parameters|support)/i;

/** Returns true if a server refused the way in which a request asked for JSON. */
export function refusesFormat({ fault, status, param = '', serverMessage }: AttemptError): boolean {
  if (fault !== 'status') return false;
  if (status === 404) return NO_PROVIDER_MESSAGE.test(serverMessage);
  return (
    (status === 400 || status === 422) && (param.startsWith('response_format') || FORMAT_MESSAGE.test(serverMessage))
  );
}
