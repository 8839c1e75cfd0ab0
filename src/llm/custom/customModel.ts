import { partCompletion } from '../../answers/partCompletion.js';
import { isRecord, isText } from '../../record.js';
import { onAbort } from '../../util/abort.js';
import { type ChatModel, type ChatRequest, type Completion, type CustomModel, checkCompletion } from '../chatModel.js';
import { estimateUsage } from '../cost/estimateTokens.js';
import { answerFault } from '../failures/answerFault.js';
import { AttemptError } from '../failures/attemptError.js';
import { fillsContext } from '../failures/contextLength.js';
import { customError } from './customError.js';

/**
 * Adapts a custom model for the middleware, one attempt a call: it aborts the attempt's signal after `attemptTimeoutMs`, checks
 * the answer, estimates the usage if it is missing, and throws failures as AttemptErrors, for `retry` to judge.
 */
export function customModel(model: CustomModel, { attemptTimeoutMs }: { attemptTimeoutMs: number }): ChatModel {
  const { name } = model;
  return {
    name,
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      const controller = new AbortController();
      const offAbort = signal === undefined ? () => {} : onAbort(signal, () => controller.abort(signal.reason));
      const timeout = timeoutOf(name, attemptTimeoutMs, controller);
      try {
        const answer = await Promise.race([model.complete(request, { signal: controller.signal }), timeout.expired]);
        return usableAnswer(answer, request, name);
      } catch (error) {
        signal?.throwIfAborted();
        throw customError(error, name);
      } finally {
        timeout.clear();
        offAbort();
      }
    },
  };
}

/** A timer that aborts the attempt, and rejects even if the model does not listen to its signal. */
function timeoutOf(host: string, ms: number, controller: AbortController) {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const serverMessage = `no complete answer within ${ms / 1000} s`;
      const error = new AttemptError('timeout', { host, serverMessage, billingUnknown: true });
      controller.abort(error);
      reject(error);
    }, ms);
  });
  return { expired, clear: () => clearTimeout(timer) };
}

function usableAnswer(answer: unknown, request: ChatRequest, name: string): Completion {
  const isUncounted = isRecord(answer) && answer.usage === undefined;
  const counted = isUncounted ? { ...answer, usage: estimateUsage(request, textOfAnswer(answer)) } : answer;
  const completion = partCompletion(checkCompletion(counted, name));
  const { text, usage } = completion;
  const fault = answerFault(completion);
  if (fault === undefined) return completion;
  const isFull = fault.fault === 'length' && fillsContext(request.maxTokens, usage);
  throw new AttemptError(isFull ? 'context-full' : fault.fault, {
    ...{ host: name, serverMessage: fault.message, usage, answer: text, cap: request.maxTokens },
    billingUnknown: isUncounted,
  });
}

function textOfAnswer({ text, thinking }: Record<string, unknown>): string {
  const reasoning = isRecord(thinking) && isText(thinking.text) ? thinking.text : '';
  return isText(text) ? text + reasoning : reasoning;
}
