import { openai, openaiErrors } from './openai.js';
import type { ErrorFields, ServerProfile } from './serverProfile.js';
import { plainUsage, wholeSeconds } from './shared.js';

const google = (status: number, message: string, name: string, ...details: object[]): ErrorFields => ({
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

/** Gemini's OpenAI layer: Google's error in a list of one; only the body names the wait (`"retryDelay": "43s"`). */
export const gemini: ServerProfile = {
  ...openai,
  errors: {
    ...openaiErrors,
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
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${wholeSeconds(waitMs)}s` },
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
  errorBody: ({ status, message, type, more }) => [
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
  waitHeaders: ({ waitMs }) => ({ headers: {}, namedWaitMs: wholeSeconds(waitMs) * 1000 }),
  needsJsonWord: false,
  usage: plainUsage,
};
