import type { AnswerSchema } from '../chatModel.js';
import type { AttemptError } from '../failures/attemptError.js';

/** How a request asks for JSON: by its schema, as any JSON, or in the prompt alone. */
export type StructuredOutput = 'json_schema' | 'json_object' | 'none';

export type ResponseFormat =
  | { type: 'json_schema'; json_schema: { name: string; strict: true; schema: Record<string, unknown> } }
  | { type: 'json_object' };

/** The next way to ask where one is refused. */
export const stepDown = { json_schema: 'json_object', json_object: 'none' } as const;

export function responseFormat(how: StructuredOutput, schema: AnswerSchema | undefined): ResponseFormat | undefined {
  if (schema === undefined || how === 'none') return undefined;
  if (how === 'json_object') return { type: 'json_object' };
  return { type: 'json_schema', json_schema: { name: schema.name, strict: true, schema: schema.schema } };
}

/**
 * "'response_format' of type 'json_schema' is not supported with this model" (OpenAI), "This response_format type is
 * unavailable now" (DeepSeek), "invalid schema for response format" (Groq), "'response_format.type' must be …" (LM
 * Studio), "Json mode is not enabled" (Gemini), "not supported by xgrammar", "guided decoding" (vLLM), "failed to parse
 * grammar" (llama.cpp), "structured outputs" (xAI, gateways).
 */
const formatWords = /response[_ ]?format|json[_ ]?(schema|object|mode)|structured[_ ]output|guided[_ ]|grammar/i;
/** OpenRouter's 404 where no provider takes all parameters of a request. */
const noProviderWords = /no endpoints found that (can handle the requested parameters|support)/i;

/** True where a server refused the way in which a request asked for JSON. */
export function refusesFormat({ fault, status, param = '', words }: AttemptError): boolean {
  if (fault !== 'status') return false;
  if (status === 404) return noProviderWords.test(words);
  return (status === 400 || status === 422) && (param.startsWith('response_format') || formatWords.test(words));
}
