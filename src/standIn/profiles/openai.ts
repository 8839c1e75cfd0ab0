import { formatDuration } from '../profiles/duration.js';
import type { ErrorFields, ErrorTable, ProblemFacts, RateLimitState, ServerProfile, Tokens } from './serverProfile.js';

const INVALID_REQUEST = 'invalid_request_error';
const ORGANIZATION = 'organization org-standin';
const LIMITS_HINT = 'Visit https://platform.openai.com/account/rate-limits to learn more.';
const perMinute = ({ kind }: ProblemFacts) => `${kind} per min (${kind === 'tokens' ? 'TPM' : 'RPM'})`;

/** OpenAI's errors; Azure's for the content filter and OpenRouter's for moderation and credit, as OpenAI has none. */
export const openaiErrors: ErrorTable = {
  http500: () => ({
    status: 500,
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
  }),
  http503: () => ({
    status: 503,
    message: 'The engine is currently overloaded, please try again later',
    type: 'server_error',
  }),
  loading503: () => ({ status: 503, message: 'Loading model', type: 'unavailable_error' }),
  rate429: (facts) => ({
    status: 429,
    message: `Rate limit reached for ${facts.model} in ${ORGANIZATION} on ${perMinute(facts)}: Limit ${facts.limit}, Used ${facts.used}, Requested ${facts.requested}. Please try again in ${formatDuration(facts.waitMs)}. ${LIMITS_HINT}`,
    type: facts.kind,
    code: 'rate_limit_exceeded',
  }),
  tooLarge429: (facts) => ({
    status: 429,
    message: `Request too large for ${facts.model} in ${ORGANIZATION} on ${perMinute(facts)}: Limit ${facts.limit}, Requested ${facts.requested}. The input or output tokens must be reduced in order to run successfully. ${LIMITS_HINT}`,
    type: facts.kind,
    code: 'rate_limit_exceeded',
  }),
  auth401: ({ key }) => ({
    status: 401,
    message: `Incorrect API key provided: ${key}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    type: INVALID_REQUEST,
    code: 'invalid_api_key',
  }),
  payment402: () => ({
    status: 402,
    message: 'Insufficient credits. Add more using https://openrouter.ai/settings/credits',
  }),
  quota429: () => ({
    status: 429,
    message:
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  }),
  region403: () => ({
    status: 403,
    message: 'Country, region, or territory not supported',
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
  }),
  moderation403: ({ model }) => ({
    status: 403,
    message: `${model} requires moderation. Your input was flagged for "violence". No credits were charged.`,
  }),
  model404: ({ model }) => ({
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    type: INVALID_REQUEST,
    code: 'model_not_found',
  }),
  contentFilter400: () => ({
    status: 400,
    message:
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
    type: null,
    param: 'prompt',
    code: 'content_filter',
    more: { status: 400, innererror: { code: 'ResponsibleAIPolicyViolation' } },
  }),
  contextLength400: ({ contextTokens, promptTokens }) => ({
    status: 400,
    message: `This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ${promptTokens} tokens. Please reduce the length of the messages.`,
    type: INVALID_REQUEST,
    param: 'messages',
    code: 'context_length_exceeded',
  }),
  contextCap400: ({ contextTokens, promptTokens, maxTokens }) => ({
    status: 400,
    message: `This model's maximum context length is ${contextTokens} tokens. However, you requested ${promptTokens + maxTokens} tokens (${promptTokens} in the messages, ${maxTokens} in the completion). Please reduce the length of the messages or completion.`,
    type: INVALID_REQUEST,
    param: 'messages',
    code: 'context_length_exceeded',
  }),
  bad400: () => ({ status: 400, message: "Invalid 'messages': expected another thing.", type: INVALID_REQUEST }),
  timeout408: () => ({ status: 408, message: 'Request timed out', type: INVALID_REQUEST }),
  conflict409: () => ({ status: 409, message: 'The resource was updated by another request', type: 'conflict_error' }),
  parameter400: ({ name, value }) =>
    name === 'max_tokens'
      ? {
          status: 400,
          message:
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
          type: INVALID_REQUEST,
          param: name,
          code: 'unsupported_parameter',
        }
      : {
          status: 400,
          message: `Unsupported value: '${name}' does not support ${value} with this model. Only the default (1) value is supported.`,
          type: INVALID_REQUEST,
          param: name,
          code: 'unsupported_value',
        },
  systemRole400: () => ({ status: 400, message: 'System role not supported', type: INVALID_REQUEST }),
  unstreamed400: () => ({
    status: 400,
    message: 'parameter.enable_thinking must be set to false for non-streaming calls',
    type: INVALID_REQUEST,
    code: 'invalid_parameter_error',
  }),
  vague400: () => ({ status: 400, message: 'API 调用参数有误，请检查文档。', code: '1210' }),
  format400: ({ name }) => ({
    status: 400,
    message: `Invalid parameter: 'response_format' of type '${name}' is not supported with this model.`,
    type: INVALID_REQUEST,
    param: 'response_format',
  }),
  jsonWord400: () => ({
    status: 400,
    message: "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    type: INVALID_REQUEST,
    param: 'messages',
  }),
};

const openaiErrorBody = ({ message, type = INVALID_REQUEST, code = null, param = null, more }: ErrorFields) => ({
  error: { message, type, param, code, ...more },
});

/** `x-ratelimit-limit-requests: 500`, `x-ratelimit-remaining-requests: 499`, `x-ratelimit-reset-requests: 120ms`. */
function openaiLimitHeaders(states: RateLimitState[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { kind, limit, remaining, resetMs } of states) {
    headers[`x-ratelimit-limit-${kind}`] = String(limit);
    headers[`x-ratelimit-remaining-${kind}`] = String(remaining);
    headers[`x-ratelimit-reset-${kind}`] = formatDuration(resetMs);
  }
  return headers;
}

const openaiUsage = ({ prompt, completion, cached, reasoning }: Tokens) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
});

export const openai: ServerProfile = {
  errors: openaiErrors,
  errorBody: openaiErrorBody,
  limitHeaders: openaiLimitHeaders,
  waitHeaders: ({ waitMs }) => ({
    headers: { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(waitMs) },
    namedWaitMs: waitMs,
  }),
  reasoningIn: 'hidden',
  refuses: [],
  needsJsonWord: true,
  sendsErrorsAsChunks: false,
  usage: openaiUsage,
  keepAlive: {},
};

/** The o-series and GPT-5: `max_completion_tokens` only, no temperature, reasoning that is counted and not shown. */
export const openaiReasoning: ServerProfile = { ...openai, refuses: ['max_tokens', 'temperature', 'top_p'] };
