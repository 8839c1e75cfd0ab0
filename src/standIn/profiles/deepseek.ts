import { openai, openaiErrors } from './openai.js';
import type { ErrorFields, ServerProfile } from './serverProfile.js';
import { plainUsage, requestedTooMuch } from './shared.js';

const deepseekError = (status: number, message: string, type = 'invalid_request_error'): ErrorFields => ({
  status,
  message,
  type,
  code: 'invalid_request_error',
});

/** While it works it sends blank lines before a plain body, and comments in a stream. */
export const deepseek: ServerProfile = {
  ...openai,
  errors: {
    ...openaiErrors,
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
  waitHeaders: () => ({ headers: {}, namedWaitMs: undefined }),
  reasoningIn: 'reasoning_content',
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
