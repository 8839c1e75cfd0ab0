import { type ChatModel, type ChatRequest, type Completion, checkCompletion } from '../llm/chatModel.js';

/**
 * Asks a model, which may be a custom one.
 *
 * @throws UsageError if it returns anything but a completion
 */
export async function askModel(model: ChatModel, request: ChatRequest, signal: AbortSignal): Promise<Completion> {
  return checkCompletion(await model.complete(request, { signal }), model.name);
}
