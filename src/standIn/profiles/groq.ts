import { formatDuration } from '../profiles/duration.js';
import { openai, openaiErrors } from './openai.js';
import type { ErrorFields, ProblemFacts, ServerProfile } from './serverProfile.js';
import { plainUsage, wholeSeconds } from './shared.js';

const groqContext = (): ErrorFields => ({
  status: 400,
  message: 'Please reduce the length of the messages or completion.',
  param: 'messages',
  code: 'context_length_exceeded',
});
const GROQ_LIMITS_HINT = 'Visit https://console.groq.com/docs/rate-limits for more information.';
const groqPer = ({ model, kind }: ProblemFacts) =>
  `for model \`${model}\` in organization \`org_standin\` on ${kind} per minute (${kind === 'tokens' ? 'TPM' : 'RPM'})`;

/** OpenAI's headers, with Retry-After in whole seconds only. */
export const groq: ServerProfile = {
  ...openai,
  errors: {
    ...openaiErrors,
    rate429: (facts) => ({
      ...openaiErrors.rate429(facts),
      message: `Rate limit reached ${groqPer(facts)}: Limit ${facts.limit}, Used ${facts.used}, Requested ${facts.requested}. Please try again in ${formatDuration(facts.waitMs)}. ${GROQ_LIMITS_HINT}`,
    }),
    tooLarge429: (facts) => ({
      ...openaiErrors.tooLarge429(facts),
      status: 413,
      message: `Request too large ${groqPer(facts)}: Limit ${facts.limit}, Requested ${facts.requested}, please reduce your message size and try again. ${GROQ_LIMITS_HINT}`,
    }),
    auth401: (facts) => ({ ...openaiErrors.auth401(facts), message: 'Invalid API Key' }),
    contextLength400: groqContext,
    contextCap400: groqContext,
    format400: ({ name }) => ({
      status: 400,
      message: `This model does not support response format \`${name}\`. See supported models at https://console.groq.com/docs/structured-outputs#supported-models`,
      param: 'response_format',
    }),
  },
  errorBody: ({ message, type = 'invalid_request_error', code, param }) => ({
    error: { message, type, ...(param && { param }), ...(code && { code }) },
  }),
  waitHeaders: ({ waitMs }) => ({
    headers: { 'retry-after': String(wholeSeconds(waitMs)) },
    namedWaitMs: wholeSeconds(waitMs) * 1000,
  }),
  reasoningIn: 'reasoning',
  refuses: ['json_schema'],
  usage: (tokens) => ({ ...plainUsage(tokens), queue_time: 0, prompt_time: 0, completion_time: 0, total_time: 0 }),
};
