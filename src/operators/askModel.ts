import { partCompletion } from '../answers/partCompletion.js';
import { type ChatModel, type ChatRequest, type Completion, checkCompletion } from '../llm/chatModel.js';

/**
 * Asks a model, which may be a custom one, and parts thinking and markup from its answer if that was not done before: an answer in
 * the cache may be older than the rules for that.
 *
 * @throws UsageError if it returns anything but a completion
 */
export async function askModel(model: ChatModel, request: ChatRequest, signal: AbortSignal): Promise<Completion> {
  return partCompletion(checkCompletion(await model.complete(request, { signal }), model.name));
}
