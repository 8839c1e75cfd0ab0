import { openai, openaiErrors } from './openai.js';
import type { ErrorFields, ProblemFacts, ServerProfile } from './serverProfile.js';

const upstream = (status: number, raw: string): ErrorFields => ({
  status,
  message: 'Provider returned error',
  more: { metadata: { raw, provider_name: 'StandIn' } },
});

/** X-RateLimit-* report its own limits (the reset in epoch milliseconds), in the headers and in the body. */
const openrouterWait = ({ limit, waitMs, nowEpochMs }: ProblemFacts) => ({
  'X-RateLimit-Limit': String(limit),
  'X-RateLimit-Remaining': '0',
  'X-RateLimit-Reset': String(Math.ceil(nowEpochMs + waitMs)),
});

const openrouterContext = ({ contextTokens, promptTokens, maxTokens }: ProblemFacts): ErrorFields => ({
  status: 400,
  message: `This endpoint's maximum context length is ${contextTokens} tokens. However, you requested about ${promptTokens + maxTokens} tokens (${promptTokens} of text input, ${maxTokens} in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.`,
  more: { metadata: { provider_name: null } },
});

export const openrouter: ServerProfile = {
  ...openai,
  errors: {
    ...openaiErrors,
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
      ...openaiErrors.moderation403(facts),
      more: {
        metadata: { reasons: ['violence'], flagged_input: '…', provider_name: 'StandIn', model_slug: facts.model },
      },
    }),
  },
  errorBody: ({ status, message, more }) => ({ error: { message, code: status, ...more } }),
  limitHeaders: () => ({}),
  waitHeaders: (facts) => ({ headers: openrouterWait(facts), namedWaitMs: facts.waitMs }),
  reasoningIn: 'both',
  refuses: [],
  needsJsonWord: false,
  sendsErrorsAsChunks: true,
  usage: (tokens) => ({ ...openai.usage(tokens), cost: (tokens.prompt + 4 * tokens.completion) / 1e7, is_byok: false }),
  keepAlive: { stream: ': OPENROUTER PROCESSING\n\n' },
};
