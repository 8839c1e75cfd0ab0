import type { AttemptError } from '../failures/attemptError.js';
import { classify } from '../failures/classify.js';
import type { ChatCompletionBody } from './requestBody.js';

/** A part of a request that a server refused, or that it demands. */
export type RefusedThing =
  | { thing: 'format' | 'system' | 'stream-demanded' | 'thinking-demanded-off' }
  | { thing: 'parameter'; name: string };

/**
 * The words of refusals of a response format: "'response_format' of type 'json_schema' is not supported" (OpenAI), "This
 * response_format type is unavailable now", "does not support Json Output" (DeepSeek), "invalid schema for response format"
 * (Groq), "Json mode is not enabled" (Gemini), "structured-outputs" (gateways), "not supported by xgrammar", "guided
 * decoding" (vLLM), "failed to parse grammar", "Failed to initialize samplers", "Unable to generate parser for this
 * template" (llama.cpp).
 */
const FORMAT_WORDS =
  /response[ _-]?format|json[ _-]?(schema|object|mode|output|response|format)|structured[ _-]?(output|decoding|generation)|\bschema\b|guided[ _-]|grammar|constrained (decoding|output|generation)|outlines|initialize samplers|parser for this template/i;
/** JSON in other words than those. */
const BARE_JSON = /\bjson\b/i;
/** JSON that is not a format of answers. */
const JSON_OF_REQUEST =
  /(parse|decode|deserialize|invalid|valid|malformed) (the )?(json|request|body)|json (body|payload)/i;
const DENIAL =
  /support|accept|allow|enabl|availab|implement|permit|recogni[sz]|unknown|unexpected|extra|forbidden|invalid|only|must|cannot|can't|不支持|仅支持|只支持/i;

const SYSTEM_WORDS =
  /system[ _-]?(role|message|prompt|instruction)|roles?\W{0,6}system|['"`]system['"`]|developer (role|message|instruction)|roles? must alternate|messages\W{0,3}0\W{0,3}role|only .{0,40}(user|assistant).{0,40}(roles?|messages?)|system\s*(角色|消息|提示)|(角色|消息|不支持)\s*\W?system/i;
const STREAM_WORDS = /\bstream(ing|ed|s)?\b|流式/i;
const THINKING_WORDS = /enable[ _-]?thinking|thinking( mode)? (must|has to|needs to|should|is not|cannot|can't)/i;
const THINKING_OFF = /false|disabled?|off\b|not|cannot|can't|without|关闭/i;

/** OpenRouter's 404 if no provider accepts all parameters of a request. */
const NO_PROVIDER = /no endpoints found that (can handle the requested parameters|support)/i;
const UNSUPPORTED_CODE = /^unsupported_(parameter|value)$/;
/** A value out of its range is the user's to change; the parameter itself is accepted. */
const RANGE_WORDS =
  /between|\brange\b|less than|greater than|at (most|least)|[<>]=|\[\d|m(in|ax)imum value|too (large|small|high|low|big|long)/i;

/** The names of a parameter in words: `top_p`, `top-p`, `topP`. */
const names = (name: string) =>
  new RegExp(`(?<![\\w])${name.replace(/[^\w]/g, '\\$&').replaceAll('_', '[ _-]?')}(?![\\w])`, 'i');

/**
 * `refused`: the server says that the request cannot be served as it is. `broken`: it failed (a 500, or an error in a 200),
 * which is a refusal only if it names what was never accepted before. Undefined for a failure of another kind: the key, the
 * quota, the content, the context, a rate.
 */
export function kindOfRefusal(failure: AttemptError): 'refused' | 'broken' | undefined {
  const { fault, status = 0, serverMessage } = failure;
  if (fault !== 'status') return undefined;
  if (status === 500 || status === 501 || status === 200) return 'broken';
  if (status === 404) return NO_PROVIDER.test(serverMessage) ? 'refused' : undefined;
  if (status !== 400 && status !== 415 && status !== 422) return undefined;
  const verdict = classify(failure);
  if (verdict.action === 'reject') return verdict.badRequest ? 'refused' : undefined;
  return verdict.action === 'retry' && (status === 400 || status === 422) ? 'refused' : undefined;
}

/**
 * Returns the part of a request that a refusal names, in whatever words; undefined if it names none. The name of the model
 * in the words is not a name of a part.
 */
export function refusedThing(failure: AttemptError, sent: ChatCompletionBody): RefusedThing | undefined {
  const { param = '', status, code = '' } = failure;
  const words = withoutName(failure.serverMessage, sent.model);
  const parameters = Object.keys(sent).filter((name) => name !== 'model' && name !== 'messages');
  const byParam = parameters.find((name) => name === param && name !== 'response_format');
  if (sent.response_format !== undefined && byParam === undefined && namesFormat(words, param, status)) {
    return { thing: 'format' };
  }
  const thinking = demandedThinking(words, sent);
  if (thinking !== undefined) return thinking;
  const name = byParam ?? parameters.find((one) => one !== 'response_format' && names(one).test(words));
  if (name !== undefined) {
    const isOfValue = RANGE_WORDS.test(words) && !UNSUPPORTED_CODE.test(code) && !/support/i.test(words);
    return isOfValue ? undefined : { thing: 'parameter', name };
  }
  const hasSystem = sent.messages.some(({ role }) => role === 'system');
  if (hasSystem && (SYSTEM_WORDS.test(words) || /^messages\W{0,3}0\W{0,3}role/.test(param))) return { thing: 'system' };
  return sent.stream !== true && STREAM_WORDS.test(words) ? { thing: 'stream-demanded' } : undefined;
}

/** Returns words without a model's name, which may hold the name of a parameter. */
function withoutName(words: string, model: string): string {
  const name = model.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return words.replace(new RegExp(`(?<!\\w)${name}(?!\\w)`, 'g'), ' ');
}

function namesFormat(words: string, param: string, status: number | undefined): boolean {
  if (param.startsWith('response_format') || FORMAT_WORDS.test(words)) return true;
  if (status === 404) return NO_PROVIDER.test(words);
  return BARE_JSON.test(words) && DENIAL.test(words) && !JSON_OF_REQUEST.test(words);
}

/** Qwen's servers demand that a model does not think, or that its thinking is streamed. */
function demandedThinking(words: string, sent: ChatCompletionBody): RefusedThing | undefined {
  if (!THINKING_WORDS.test(words)) return undefined;
  if (sent.stream !== true && STREAM_WORDS.test(words)) return { thing: 'stream-demanded' };
  const isOff = sent.enable_thinking === false;
  return !isOff && THINKING_OFF.test(words) ? { thing: 'thinking-demanded-off' } : undefined;
}

/** Returns true if a refusal names no part of the request that the user could change: a probe may find out which part it is. */
export function isUnexplained(failure: AttemptError, sent: ChatCompletionBody): boolean {
  if (failure.shouldRetry === true || kindOfRefusal(failure) !== 'refused') return false;
  const { serverMessage: words, param } = failure;
  return !Object.keys(sent).some(
    (name) => name !== 'messages' && (name === param || names(name).test(words)) && RANGE_WORDS.test(words),
  );
}
