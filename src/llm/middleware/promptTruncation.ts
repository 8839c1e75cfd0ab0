import type { ChatModel, ChatRequest, Usage } from '../chatModel.js';
import { estimatePromptTokens } from '../cost/estimateTokens.js';
import { AttemptError } from '../failures/attemptError.js';

export interface PromptTruncationOptions {
  /** The server, as messages name it. */
  host: string;
  /** Reject answers to prompts that seem to be cut off, rather than keep them. */
  rejects: boolean;
  onNotice?: ((message: string) => void) | undefined;
}

/** Estimates of short prompts are too rough, and no server cuts them off. */
const MIN_TOKENS = 1000;
/** A prompt that is reported to have less than this share of its estimate has been cut off. */
const MIN_SHARE = 0.5;
/** Prompts of different lengths, estimated well above a number of tokens, that were all reported to have exactly it. */
const SAME_NUMBERS = 3;
const WELL_ABOVE = 1.15;

/**
 * Recognises prompts that a server has cut off in silence, by the tokens that it reports: under half of the estimate, or for
 * prompts of different lengths the same number, which is then the size of its context.
 */
export class PromptTruncation {
  readonly #options: PromptTruncationOptions;
  /** By a number of tokens that was reported: the estimates of the longer prompts. */
  readonly #reported = new Map<number, Set<number>>();
  #announced = false;

  constructor(options: PromptTruncationOptions) {
    this.#options = options;
  }

  /** Watches the answers of a model: marks those to prompts that were cut off, or throws an AttemptError for them. */
  watch(model: ChatModel): ChatModel {
    return {
      name: model.name,
      complete: async (request, options) => {
        const completion = await model.complete(request, options);
        if (!this.#isCutOff(request, completion.usage)) return completion;
        const { host, rejects, onNotice } = this.#options;
        const { usage, text: answer } = completion;
        const estimate = estimatePromptTokens(request.messages);
        const serverMessage = `it read ${usage.promptTokens} tokens of a prompt of about ${estimate}`;
        if (!this.#announced) {
          this.#announced = true;
          onNotice?.(
            `${host} seems to cut prompts off: ${serverMessage}; raise its context (num_ctx in Ollama, --ctx-size in llama.cpp), or shorten the texts`,
          );
        }
        if (rejects) throw new AttemptError('truncated', { host, serverMessage, usage, answer });
        return { ...completion, promptCutOff: true };
      },
    };
  }

  #isCutOff({ messages }: ChatRequest, { promptTokens, estimated }: Usage): boolean {
    if (estimated) return false;
    const estimate = estimatePromptTokens(messages);
    if (estimate < MIN_TOKENS) return false;
    if (promptTokens < MIN_SHARE * estimate) return true;
    if (estimate < WELL_ABOVE * promptTokens) return false;
    const estimates = this.#reported.get(promptTokens) ?? new Set();
    if (estimates.size >= SAME_NUMBERS) return true;
    estimates.add(estimate);
    this.#reported.set(promptTokens, estimates);
    if (this.#reported.size > 1000) this.#reported.clear();
    return estimates.size >= SAME_NUMBERS;
  }
}
