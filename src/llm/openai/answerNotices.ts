import { finishKind } from '../../answers/finishReason.js';
import type { Completion } from '../chatModel.js';
import { AttemptError } from '../failures/attemptError.js';

/** The answers after which it is certain how a server sends them. */
const CERTAIN_ANSWERS = 20;
/** A server that makes up finish reasons does not fill the terminal. */
const MAX_REASONS = 10;

/** Reports, once, what the answers of a server have in common and a user can set. */
export class AnswerNotices {
  readonly #host: string;
  readonly #onNotice: (message: string) => void;
  readonly #reasons = new Set<string>();
  #answers = 0;
  #inReasoning = 0;

  constructor(host: string, onNotice: (message: string) => void = () => {}) {
    this.#host = host;
    this.#onNotice = onNotice;
  }

  /** Looks at an answer. */
  answered({ answerFrom, finishReason }: Pick<Completion, 'answerFrom' | 'finishReason'>): void {
    this.#count(answerFrom !== undefined);
    if (finishKind(finishReason) !== 'unknown') return;
    if (this.#reasons.has(finishReason) || this.#reasons.size === MAX_REASONS) return;
    this.#reasons.add(finishReason);
    this.#onNotice(`${this.#host}: the finish_reason ${finishReason} is unknown: its answers are taken as whole`);
  }

  /** Looks at a failed attempt, which may have been an answer without an answer in it. */
  failed(error: unknown): void {
    if (error instanceof AttemptError && error.fault === 'no-answer') this.#count(true);
  }

  #count(isInReasoning: boolean): void {
    if (this.#answers >= CERTAIN_ANSWERS) return;
    this.#answers += 1;
    if (isInReasoning) this.#inReasoning += 1;
    if (this.#answers < CERTAIN_ANSWERS || this.#inReasoning < CERTAIN_ANSWERS) return;
    this.#onNotice(
      `${this.#host}: the first ${CERTAIN_ANSWERS} answers all came as reasoning, with no content: turn the server's parser for reasoning off (--reasoning-parser of vLLM and SGLang, --reasoning-format none of llama-server), or turn the model's thinking on`,
    );
  }
}
