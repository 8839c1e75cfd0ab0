import { openaiSays } from './openai.js';
import type { Facts, Profile, Said } from './profile.js';
import { plainUsage, requestedTooMuch } from './shared.js';

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

const vllmTypes: Record<number, string> = { 400: 'BadRequestError', 404: 'NotFoundError', 500: 'InternalServerError' };
const vllmFields = ({ status, message, type, param = null }: Said) => ({
  message,
  type: vllmTypes[status] ?? type ?? 'BadRequestError',
  param,
  code: status,
});

export const vllm: Profile = {
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
export const vllmOld: Profile = {
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
export const ollama: Profile = {
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

export const llamaCpp: Profile = {
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
