import { formatDuration } from './duration.js';
import { openai, openaiLimitHeaders, openaiReasoning, openaiSays } from './openaiProfile.js';
import type { Facts, Profile, Said, Tokens } from './profile.js';

const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));
const plainUsage = ({ prompt, completion }: Tokens) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

/** A 429 of a proxy, ahead of servers that limit no rate themselves. */
const tooMany = (): Said => ({ status: 429, message: 'Too Many Requests', type: 'rate_limit_error' });
const ownSays = { ...openaiSays, rate429: tooMany, tooLarge429: tooMany };

/** What servers of one's own have in common: no limits, so no headers that tell any. */
const selfHosted = {
  limitHeaders: () => ({}),
  waitHeaders: () => ({ headers: {}, toldMs: undefined }),
  refuses: [],
  needsJsonWord: false,
  breaksInChunk: false,
  usage: plainUsage,
  keepAlive: {},
} satisfies Partial<Profile>;

const requestedTooMuch = ({ contextTokens, promptTokens, maxTokens }: Facts): Said => ({
  status: 400,
  message: `This model's maximum context length is ${contextTokens} tokens. However, you requested ${promptTokens + maxTokens} tokens (${promptTokens} in the messages, ${maxTokens} in the completion). Please reduce the length of the messages or completion.`,
});

const vllmTypes: Record<number, string> = { 400: 'BadRequestError', 404: 'NotFoundError', 500: 'InternalServerError' };
const vllmFields = ({ status, message, type, param = null }: Said) => ({
  message,
  type: vllmTypes[status] ?? type ?? 'BadRequestError',
  param,
  code: status,
});

const vllm: Profile = {
  ...selfHosted,
  says: {
    ...ownSays,
    contextLength400: requestedTooMuch,
    contextCap400: requestedTooMuch,
    model404: ({ model }) => ({ status: 404, message: `The model \`${model}\` does not exist.` }),
    auth401: () => ({ status: 401, message: 'Unauthorized' }),
  },
  shape: (said) => (said.status === 401 ? { error: said.message } : { error: vllmFields(said) }),
  thinks: 'reasoning',
  usage: (tokens) => ({ ...plainUsage(tokens), prompt_tokens_details: null }),
};

/** Before 0.6.4: flat errors, no `max_completion_tokens`, no `json_schema`; pydantic's list, as Python prints it. */
const vllmOld: Profile = {
  ...vllm,
  says: {
    ...vllm.says,
    parameter400: ({ name, value }) => ({
      status: 400,
      message: `[{'type': 'extra_forbidden', 'loc': ('body', '${name}'), 'msg': 'Extra inputs are not permitted', 'input': ${value}}]`,
    }),
    format400: ({ name }) => ({
      status: 400,
      message: `[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': "Input should be 'text' or 'json_object'", 'input': '${name}', 'ctx': {'expected': "'text' or 'json_object'"}}]`,
    }),
  },
  shape: (said) => (said.status === 401 ? { error: said.message } : { object: 'error', ...vllmFields(said) }),
  thinks: 'noOpener',
  refuses: ['max_completion_tokens', 'json_schema'],
  usage: plainUsage,
};

const ollamaTypes: Record<number, string> = { 400: 'invalid_request_error', 404: 'not_found_error' };

/** Its OpenAI layer wraps errors; what that layer does not see comes as its own API's `{"error": "…"}`. */
const ollama: Profile = {
  ...selfHosted,
  says: {
    ...ownSays,
    http503: () => ({ status: 503, message: 'server busy, please try again.  maximum pending requests exceeded' }),
    model404: ({ model }) => ({ status: 404, message: `model "${model}" not found, try pulling it first` }),
    auth401: () => ({ status: 401, message: 'unauthorized' }),
  },
  shape: ({ status, message }) =>
    status === 401 || status === 503
      ? { error: message }
      : { error: { message, type: ollamaTypes[status] ?? 'api_error', param: null, code: null } },
  thinks: 'reasoning',
};

const llamaTypes: Record<number, string> = { 401: 'authentication_error', 404: 'not_found_error', 500: 'server_error' };
const llamaContext = ({ promptTokens, contextTokens }: Facts): Said => ({
  status: 400,
  message: `request (${promptTokens} tokens) exceeds the available context size (${contextTokens} tokens), try increasing it`,
  type: 'exceed_context_size_error',
  more: { n_prompt_tokens: promptTokens, n_ctx: contextTokens },
});

const llamaCpp: Profile = {
  ...selfHosted,
  says: {
    ...ownSays,
    auth401: () => ({ status: 401, message: 'Invalid API Key' }),
    contextLength400: llamaContext,
    contextCap400: llamaContext,
  },
  shape: ({ status, message, type, more }) => ({
    error: { code: status, message, type: llamaTypes[status] ?? type ?? 'invalid_request_error', ...more },
  }),
  thinks: 'reasoning_content',
};

const upstream = (status: number, raw: string): Said => ({
  status,
  message: 'Provider returned error',
  more: { metadata: { raw, provider_name: 'StandIn' } },
});

/** Its own limits are told by X-RateLimit-* (the reset in epoch milliseconds), in the headers and again in the body. */
const openrouterWait = ({ limit, waitMs, nowEpochMs }: Facts) => ({
  'X-RateLimit-Limit': String(limit),
  'X-RateLimit-Remaining': '0',
  'X-RateLimit-Reset': String(Math.ceil(nowEpochMs + waitMs)),
});

const openrouterContext = ({ contextTokens, promptTokens, maxTokens }: Facts): Said => ({
  status: 400,
  message: `This endpoint's maximum context length is ${contextTokens} tokens. However, you requested about ${promptTokens + maxTokens} tokens (${promptTokens} of text input, ${maxTokens} in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.`,
  more: { metadata: { provider_name: null } },
});

const openrouter: Profile = {
  ...openai,
  says: {
    ...openaiSays,
    http500: () => upstream(502, 'Internal Server Error'),
    http503: ({ model }) => upstream(503, `${model} is temporarily overloaded upstream. Please retry shortly.`),
    rate429: (facts) => ({
      status: 429,
      message: 'Rate limit exceeded: free-models-per-min. ',
      more: { metadata: { headers: openrouterWait(facts), provider_name: null } },
    }),
    auth401: () => ({ status: 401, message: 'User not found.' }),
    contextLength400: openrouterContext,
    contextCap400: openrouterContext,
    payment402: ({ maxTokens }) => ({
      status: 402,
      message: `This request requires more credits, or fewer max_tokens. You requested up to ${maxTokens} tokens, but can only afford 0. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account`,
      more: { metadata: { provider_name: null } },
    }),
    moderation403: (facts) => ({
      ...openaiSays.moderation403(facts),
      more: {
        metadata: { reasons: ['violence'], flagged_input: '…', provider_name: 'StandIn', model_slug: facts.model },
      },
    }),
  },
  shape: ({ status, message, more }) => ({ error: { message, code: status, ...more } }),
  limitHeaders: () => ({}),
  waitHeaders: (facts) => ({ headers: openrouterWait(facts), toldMs: facts.waitMs }),
  thinks: 'both',
  refuses: [],
  needsJsonWord: false,
  breaksInChunk: true,
  keepAlive: { stream: ': OPENROUTER PROCESSING\n\n' },
};

const deepseekError = (status: number, message: string, type = 'invalid_request_error'): Said => ({
  status,
  message,
  type,
  code: 'invalid_request_error',
});

/** It keeps the connection busy while it works: blank lines ahead of a plain body, comments in a stream. */
const deepseek: Profile = {
  ...openai,
  says: {
    ...openaiSays,
    auth401: ({ key }) =>
      deepseekError(401, `Authentication Fails, Your api key: ****${key.slice(-4)} is invalid`, 'authentication_error'),
    payment402: () => deepseekError(402, 'Insufficient Balance', 'unknown_error'),
    rate429: () => deepseekError(429, 'Rate Limit Reached', 'rate_limit_reached_error'),
    contextLength400: (facts) => deepseekError(400, requestedTooMuch(facts).message),
    contextCap400: (facts) => deepseekError(400, requestedTooMuch(facts).message),
    format400: () => deepseekError(400, 'This response_format type is unavailable now'),
    jsonWord400: () =>
      deepseekError(
        400,
        "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
      ),
  },
  limitHeaders: () => ({}),
  waitHeaders: selfHosted.waitHeaders,
  thinks: 'reasoning_content',
  refuses: ['json_schema'],
  usage: (tokens) => ({
    ...plainUsage(tokens),
    prompt_tokens_details: { cached_tokens: tokens.cached },
    completion_tokens_details: { reasoning_tokens: tokens.reasoning },
    prompt_cache_hit_tokens: tokens.cached,
    prompt_cache_miss_tokens: tokens.prompt - tokens.cached,
  }),
  keepAlive: { plain: '\n', stream: ': keep-alive\n\n' },
};

const groqContext = (): Said => ({
  status: 400,
  message: 'Please reduce the length of the messages or completion.',
  param: 'messages',
  code: 'context_length_exceeded',
});
const groqLimits = 'Visit https://console.groq.com/docs/rate-limits for more information.';
const groqPer = ({ model, kind }: Facts) =>
  `for model \`${model}\` in organization \`org_standin\` on ${kind} per minute (${kind === 'tokens' ? 'TPM' : 'RPM'})`;

/** OpenAI's headers, with Retry-After in whole seconds only. */
const groq: Profile = {
  ...openai,
  says: {
    ...openaiSays,
    rate429: (facts) => ({
      ...openaiSays.rate429(facts),
      message: `Rate limit reached ${groqPer(facts)}: Limit ${facts.limit}, Used ${facts.used}, Requested ${facts.requested}. Please try again in ${formatDuration(facts.waitMs)}. ${groqLimits}`,
    }),
    tooLarge429: (facts) => ({
      ...openaiSays.tooLarge429(facts),
      status: 413,
      message: `Request too large ${groqPer(facts)}: Limit ${facts.limit}, Requested ${facts.requested}, please reduce your message size and try again. ${groqLimits}`,
    }),
    auth401: (facts) => ({ ...openaiSays.auth401(facts), message: 'Invalid API Key' }),
    contextLength400: groqContext,
    contextCap400: groqContext,
    format400: ({ name }) => ({
      status: 400,
      message: `This model does not support response format \`${name}\`. See supported models at https://console.groq.com/docs/structured-outputs#supported-models`,
      param: 'response_format',
    }),
  },
  shape: ({ message, type = 'invalid_request_error', code, param }) => ({
    error: { message, type, ...(param && { param }), ...(code && { code }) },
  }),
  limitHeaders: openaiLimitHeaders,
  waitHeaders: ({ waitMs }) => ({
    headers: { 'retry-after': String(seconds(waitMs)) },
    toldMs: seconds(waitMs) * 1000,
  }),
  thinks: 'reasoning',
  refuses: ['json_schema'],
  usage: (tokens) => ({ ...plainUsage(tokens), queue_time: 0, prompt_time: 0, completion_time: 0, total_time: 0 }),
};

const google = (status: number, message: string, name: string, ...details: object[]): Said => ({
  status,
  message,
  type: name,
  ...(details.length > 0 && { more: { details } }),
});
const googleNames: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** Gemini's OpenAI layer: Google's error in a list of one; the wait stands in the body alone (`"retryDelay": "43s"`). */
const gemini: Profile = {
  ...openai,
  says: {
    ...openaiSays,
    http503: () => google(503, 'The model is overloaded. Please try again later.', 'UNAVAILABLE'),
    rate429: ({ model, limit, waitMs }) =>
      google(
        429,
        'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.',
        'RESOURCE_EXHAUSTED',
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [
            {
              quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
              quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
              quotaDimensions: { location: 'global', model },
              quotaValue: String(limit),
            },
          ],
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds(waitMs)}s` },
      ),
    auth401: () =>
      google(400, 'API key not valid. Please pass a valid API key.', 'INVALID_ARGUMENT', {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'API_KEY_INVALID',
        domain: 'googleapis.com',
      }),
    region403: () => google(400, 'User location is not supported for the API use.', 'FAILED_PRECONDITION'),
    contextLength400: ({ promptTokens, contextTokens }) =>
      google(
        400,
        `The input token count (${promptTokens}) exceeds the maximum number of tokens allowed (${contextTokens}).`,
        'INVALID_ARGUMENT',
      ),
  },
  shape: ({ status, message, type, more }) => [
    {
      error: {
        code: status,
        message,
        status: type && /^[A-Z_]+$/.test(type) ? type : (googleNames[status] ?? 'UNKNOWN'),
        ...more,
      },
    },
  ],
  limitHeaders: () => ({}),
  waitHeaders: ({ waitMs }) => ({ headers: {}, toldMs: seconds(waitMs) * 1000 }),
  needsJsonWord: false,
  usage: plainUsage,
};

/** The servers that the stand-in can play. */
export const profiles = {
  openai,
  'openai-reasoning': openaiReasoning,
  vllm,
  'vllm-old': vllmOld,
  ollama,
  'llama.cpp': llamaCpp,
  openrouter,
  deepseek,
  groq,
  gemini,
} satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as ProfileName[];
