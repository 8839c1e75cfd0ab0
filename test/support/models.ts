import type { ChatModel, ChatRequest, Completion } from '../../src/llm/chatModel.js';

export interface ScriptedModel extends ChatModel {
  requests: ChatRequest[];
}

/** Makes a model whose answer to a request is that of `answer`: text, or parts of a completion. */
export function scriptedModel(
  answer: (request: ChatRequest, call: number) => string | Partial<Completion> | Promise<string | Partial<Completion>>,
): ScriptedModel {
  const requests: ChatRequest[] = [];
  return {
    name: 'scripted',
    requests,
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      requests.push(request);
      const made = await answer(request, requests.length - 1);
      return {
        text: 'unset',
        model: 'scripted-1',
        finishReason: 'stop',
        usage: { promptTokens: 10, completionTokens: 5 },
        attempts: 1,
        ...(typeof made === 'string' ? { text: made } : made),
      };
    },
  };
}

/** Returns an answer that doc2Query can read. */
export function hardQuery(question: string, scenario = `When somebody asks: ${question}`): string {
  return `Some thoughts first.\n${JSON.stringify({ hard_query: { question, scenario } })}`;
}
