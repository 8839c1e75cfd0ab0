import type { StructuredOutput } from '../capabilities.js';
import type { ChatMessage, ChatRequest } from '../chatModel.js';
import { type ResponseFormat, responseFormat } from './responseFormat.js';

/** The body of a chat completion request, as it is sent. */
export interface ChatCompletionBody {
  model: string;
  messages: ChatMessage[];
  response_format?: ResponseFormat;
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
  top_p?: number;
  seed?: number;
  reasoning_effort?: string;
  enable_thinking?: boolean;
  stream?: boolean;
  stream_options?: { include_usage: true };
  /** A field of the extra body. */
  [extra: string]: unknown;
}

/** The parts of a request that a server may refuse, from the one that is refused most often. */
export type Droppable = 'format' | 'system' | 'parameters';

export interface BodyParts {
  format: StructuredOutput;
  systemRole: boolean;
  /** The parameter that caps the answer, and the cap. */
  cap: { [name: string]: number | undefined };
  /** Sampling, the extra body and what else is sent if it is defined. */
  parameters: Record<string, unknown>;
  stream: boolean;
  refused: ReadonlySet<string>;
}

/** Parameters that decide how an answer is delivered or limited: `parameters` does not drop them. */
const deliveryParameters = new Set([
  ...['model', 'messages', 'response_format', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens'],
]);

/** Makes the body of a request. */
export function requestBody(model: string, request: ChatRequest, parts: BodyParts): ChatCompletionBody {
  const { messages, schema } = request;
  const wanted: Record<string, unknown> = {
    response_format: responseFormat(parts.format, schema),
    ...parts.cap,
    ...parts.parameters,
    ...(parts.stream && { stream: true, stream_options: { include_usage: true } }),
  };
  const sent = Object.entries(wanted).filter(([name, value]) => value !== undefined && !parts.refused.has(name));
  return {
    model,
    messages: parts.systemRole ? messages : withoutSystemRole(messages),
    ...Object.fromEntries(sent),
  };
}

/** Puts the system messages before the text of the first user message. */
export function withoutSystemRole(messages: ChatMessage[]): ChatMessage[] {
  const instructions = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  if (instructions.length === 0) return messages;
  const others = messages.filter(({ role }) => role !== 'system');
  const first = others.findIndex(({ role }) => role === 'user');
  if (first === -1) return [{ role: 'user', content: instructions.join('\n\n') }, ...others];
  return others.map((message, index) =>
    index === first ? { role: 'user', content: [...instructions, message.content].join('\n\n') } : message,
  );
}

/** The names of the parameters of a body that it could do without: sampling and the extra body. */
export function optionalParameters(body: ChatCompletionBody): string[] {
  return Object.keys(body).filter((name) => !deliveryParameters.has(name));
}

/** The parts of a body that a server may refuse. */
export function droppableParts(body: ChatCompletionBody): Droppable[] {
  const parts: [Droppable, boolean][] = [
    ['format', body.response_format !== undefined],
    ['system', body.messages.some(({ role }) => role === 'system')],
    ['parameters', optionalParameters(body).length > 0],
  ];
  return parts.filter(([, isSent]) => isSent).map(([part]) => part);
}

/** The same request without some of its parts. */
export function withoutParts(body: ChatCompletionBody, parts: readonly Droppable[]): ChatCompletionBody {
  const dropped = parts.includes('parameters') ? new Set(optionalParameters(body)) : new Set<string>();
  if (parts.includes('format')) dropped.add('response_format');
  const kept = Object.entries(body).filter(([name]) => !dropped.has(name));
  const messages = parts.includes('system') ? withoutSystemRole(body.messages) : body.messages;
  return { ...(Object.fromEntries(kept) as ChatCompletionBody), messages };
}
