import type { ChatMessage } from '../llm/chatModel.js';
import { offlineAnswer } from '../llm/offline.js';
import type { FaultName } from './faults.js';

/** What is sent for a fault that is an HTTP error. */
export interface ErrorReply {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

const openaiError = (status: number, code: string | null, message: string, more: object = {}): ErrorReply => ({
  status,
  body: JSON.stringify({ error: { message, type: code ?? 'invalid_request_error', param: null, code, ...more } }),
});

/** Replies in the servers' own words: OpenAI's, vLLM's, llama.cpp's, FastAPI's. */
export const errorReplies: Partial<Record<FaultName | 'unsupportedMaxTokens' | 'unsupportedTemperature', ErrorReply>> =
  {
    http500: openaiError(500, 'server_error', 'The server had an error while processing your request.'),
    http503: openaiError(503, null, 'The engine is currently overloaded, please try again later'),
    loading503: openaiError(503, null, 'Loading model', { code: 503, type: 'unavailable_error' }),
    rate429: openaiError(429, 'rate_limit_exceeded', 'Rate limit reached for requests'),
    rate429Bare: openaiError(429, 'rate_limit_exceeded', 'Rate limit reached for requests'),
    payment402: openaiError(402, null, 'Insufficient credits. Add more at the billing page.'),
    region403: openaiError(403, 'unsupported_country_region_territory', 'Country, region, or territory not supported'),
    moderation403: openaiError(403, null, 'Your input was flagged by moderation', { code: 403 }),
    quota429: openaiError(429, 'insufficient_quota', 'You exceeded your current quota, please check your plan.'),
    model404: openaiError(404, 'model_not_found', 'The model `x` does not exist or you do not have access to it.'),
    contentFilter400: openaiError(400, 'content_filter', 'The response was filtered by the content management policy.'),
    contextLength400: openaiError(
      400,
      'context_length_exceeded',
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    ),
    bad400: openaiError(400, null, "Invalid 'messages': expected another thing."),
    flatVllm400: {
      status: 400,
      body: JSON.stringify({
        object: 'error',
        message: 'top_k must be -1',
        type: 'BadRequestError',
        param: null,
        code: 400,
      }),
    },
    detail422: {
      status: 422,
      body: JSON.stringify({
        detail: [{ loc: ['body', 'messages'], msg: 'field required', type: 'value_error.missing' }],
      }),
    },
    timeout408: openaiError(408, null, 'Request timed out'),
    unsupportedMaxTokens: openaiError(
      400,
      'unsupported_parameter',
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { param: 'max_tokens' },
    ),
    unsupportedTemperature: openaiError(
      400,
      'unsupported_value',
      "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
      { param: 'temperature' },
    ),
  };

/** OpenAI quotes the key that it refuses; so does this. */
export const refusedKey = (key: string): ErrorReply =>
  openaiError(401, 'invalid_api_key', `Incorrect API key provided: ${key}. You can find your key at the dashboard.`);

const thought = 'Let me think: the material is short.';

/** The message of an answer, with what the fault does to it. */
export function messageOf(messages: ChatMessage[], fault: FaultName | undefined): Record<string, unknown> {
  const role = 'assistant';
  const content = shapeOf(offlineAnswer(messages), fault);
  switch (fault) {
    case 'thinkReasoning':
      return { role, content, reasoning: thought };
    case 'thinkReasoningContent':
      return { role, content, reasoning_content: thought };
    case 'thinkDetails':
      return { role, content, reasoning_details: [{ type: 'reasoning.text', text: thought }] };
    case 'thinkBlock':
      return { role, content: `<think>\n${thought}\n</think>\n\n${content}` };
    case 'thinkNoOpener':
      return { role, content: `${thought}\n</think>\n\n${content}` };
    case 'refusal':
      return { role, content: null, refusal: "I'm sorry, I can't help with that." };
    default:
      return { role, content };
  }
}

/** A doc2query answer in another shape; other answers stay as they are. */
function shapeOf(answer: string, fault: FaultName | undefined): string {
  if (fault === 'blank') return ' \n\t';
  if (fault === 'finishLength') return answer.slice(0, Math.ceil(answer.length / 2));
  const json = /\{"hard_query".*\}/.exec(answer)?.[0];
  if (json === undefined) return answer;
  switch (fault) {
    case 'bareJson':
      return json;
    case 'trailingComma':
      return `\`\`\`json\n${json.replace(/\}\}$/, ',},}')}\n\`\`\``;
    case 'wrongSchema':
      return json.replace('"question"', '"query"');
    case 'unparsable':
      return 'I made a question, but I would rather tell it than write JSON.';
    default:
      return answer;
  }
}

const finishReasons: Partial<Record<FaultName, string>> = {
  finishLength: 'length',
  finishContentFilter: 'content_filter',
  finishError: 'error',
};

export function finishReasonOf(fault: FaultName | undefined): string {
  return (fault && finishReasons[fault]) ?? 'stop';
}
