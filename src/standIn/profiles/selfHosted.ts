import { openaiErrors } from './openai.js';
import type { ErrorFields, ProblemFacts, ServerProfile } from './serverProfile.js';
import { plainUsage, requestedTooMuch } from './shared.js';

/** The 429 of a proxy, as these servers have no rate limits themselves. */
const tooMany = (): ErrorFields => ({ status: 429, message: 'Too Many Requests', type: 'rate_limit_error' });
const selfHostedErrors = { ...openaiErrors, rate429: tooMany, tooLarge429: tooMany };

/** What self-hosted servers have in common: no limits, so no headers that report limits. */
const selfHosted = {
  limitHeaders: () => ({}),
  waitHeaders: () => ({ headers: {}, namedWaitMs: undefined }),
  refuses: [],
  needsJsonWord: false,
  sendsErrorsAsChunks: false,
  usage: plainUsage,
  keepAlive: {},
} satisfies Partial<ServerProfile>;

const vllmTypes: Record<number, string> = { 400: 'BadRequestError', 404: 'NotFoundError', 500: 'InternalServerError' };
const vllmFields = ({ status, message, type, param = null }: ErrorFields) => ({
  message,
  type: vllmTypes[status] ?? type ?? 'BadRequestError',
  param,
  code: status,
});

export const vllm: ServerProfile = {
  ...selfHosted,
  errors: {
    ...selfHostedErrors,
    contextLength400: requestedTooMuch,
    contextCap400: requestedTooMuch,
    model404: ({ model }) => ({ status: 404, message: `The model \`${model}\` does not exist.` }),
    auth401: () => ({ status: 401, message: 'Unauthorized' }),
  },
  errorBody: (said) => (said.status === 401 ? { error: said.message } : { error: vllmFields(said) }),
  reasoningIn: 'reasoning',
  usage: (tokens) => ({ ...plainUsage(tokens), prompt_tokens_details: null }),
};

/** Before 0.6.4: flat errors, no `max_completion_tokens`, no `json_schema`; pydantic's list, as Python prints it. */
export const vllmOld: ServerProfile = {
  ...vllm,
  errors: {
    ...vllm.errors,
    parameter400: ({ name, value }) => ({
      status: 400,
      message: `[{'type': 'extra_forbidden', 'loc': ('body', '${name}'), 'msg': 'Extra inputs are not permitted', 'input': ${value}}]`,
    }),
    format400: ({ name }) => ({
      status: 400,
      message: `[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': "Input should be 'text' or 'json_object'", 'input': '${name}', 'ctx': {'expected': "'text' or 'json_object'"}}]`,
    }),
  },
  errorBody: (said) => (said.status === 401 ? { error: said.message } : { object: 'error', ...vllmFields(said) }),
  reasoningIn: 'noOpener',
  refuses: ['max_completion_tokens', 'json_schema'],
  usage: plainUsage,
};

const ollamaTypes: Record<number, string> = { 400: 'invalid_request_error', 404: 'not_found_error' };

/** Its OpenAI layer wraps errors; other errors have the format of its own API, `{"error": "…"}`. */
export const ollama: ServerProfile = {
  ...selfHosted,
  errors: {
    ...selfHostedErrors,
    http503: () => ({ status: 503, message: 'server busy, please try again.  maximum pending requests exceeded' }),
    model404: ({ model }) => ({ status: 404, message: `model "${model}" not found, try pulling it first` }),
    auth401: () => ({ status: 401, message: 'unauthorized' }),
  },
  errorBody: ({ status, message }) =>
    status === 401 || status === 503
      ? { error: message }
      : { error: { message, type: ollamaTypes[status] ?? 'api_error', param: null, code: null } },
  reasoningIn: 'reasoning',
};

const llamaTypes: Record<number, string> = { 401: 'authentication_error', 404: 'not_found_error', 500: 'server_error' };
const llamaContext = ({ promptTokens, contextTokens }: ProblemFacts): ErrorFields => ({
  status: 400,
  message: `request (${promptTokens} tokens) exceeds the available context size (${contextTokens} tokens), try increasing it`,
  type: 'exceed_context_size_error',
  more: { n_prompt_tokens: promptTokens, n_ctx: contextTokens },
});

/** It names its model by its file. */
export const llamaCpp: ServerProfile = {
  ...selfHosted,
  limitHeaders: () => ({ server: 'llama.cpp' }),
  servedModel: '/models/stand-in-Q4_K_M.gguf',
  errors: {
    ...selfHostedErrors,
    auth401: () => ({ status: 401, message: 'Invalid API Key' }),
    contextLength400: llamaContext,
    contextCap400: llamaContext,
  },
  errorBody: ({ status, message, type, more }) => ({
    error: { code: status, message, type: llamaTypes[status] ?? type ?? 'invalid_request_error', ...more },
  }),
  reasoningIn: 'reasoning_content',
};
