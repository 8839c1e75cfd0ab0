import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InputError } from '../../errors.js';
import type { ChatMessage } from '../../llm/chatModel.js';
import { criteriaAnswer, documentsAnswer, judgedRequest } from '../../llm/offline/judgedMaterial.js';
import { offlineAnswer } from '../../llm/offline/offlineModel.js';
import { documentVerdicts, isRecord, questionCriteria, reasoningCriteria } from '../../record.js';
import { seededRandom } from '../../util/random.js';

type Criteria = Record<string, boolean>;

export interface JudgementOptions {
  /** The share of verdicts that are wrong, and the seed of which ones. */
  errors: number;
  seed: number;
}

/**
 * Answers judges from labels: rows `{question, document, verdict}`, where `verdict` is `answers`, `partly` or `no`, and
 * `{question, document, criteria: {name: true|false}}`. A document that is not labelled is `no`; a criterion that is not
 * labelled is true. With `errors` that share of the verdicts is flipped: `no` to `answers`, the others to `no`.
 */
export class Judgements {
  readonly #verdicts = new Map<string, string>();
  readonly #criteria = new Map<string, Criteria>();
  readonly #options: JudgementOptions;

  constructor(rows: Iterable<unknown>, options: JudgementOptions) {
    this.#options = options;
    for (const row of rows) this.#add(row);
  }

  /** Reads the labels from a JSONL file. Throws InputError for a line that is not a label. */
  static read(path: string, options: JudgementOptions): Judgements {
    let lines: string[];
    try {
      lines = readFileSync(path, 'utf8').split('\n');
    } catch (cause) {
      throw new InputError('cannot read the judgements', { path, cause, hint: 'name a JSONL file that exists' });
    }
    const judgements = new Judgements([], options);
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '') continue;
      try {
        judgements.#add(JSON.parse(line));
      } catch (cause) {
        const hint = '{"question": "…", "document": "…", "verdict": "answers"|"partly"|"no"}, or "criteria": {…}';
        throw new InputError('not a judgement', { path, line: index + 1, cause, hint });
      }
    }
    return judgements;
  }

  /** Writes the answer to a judge's prompt; undefined for any other prompt. */
  answer(messages: ChatMessage[]): string | undefined {
    const request = judgedRequest(messages);
    if (request === undefined) return undefined;
    const { kind, question, documents } = request;
    if (kind === 'documents') {
      return documentsAnswer(
        documents.map(({ id, text }) => {
          const labelled = this.#verdicts.get(pairKey(question, text)) ?? 'no';
          const verdict = this.#errs(question, text, '') ? (labelled === 'no' ? 'answers' : 'no') : labelled;
          return { id, reason: 'the label says so', snippet: verdict === 'no' ? '' : text.slice(0, 100), verdict };
        }),
      );
    }
    const document = documents.at(-1) ?? { id: '', text: '' };
    const labelled = this.#criteria.get(pairKey(question, document.text)) ?? {};
    const names = kind === 'question' ? questionCriteria : reasoningCriteria;
    const judged = names.map((name) => {
      const verdict = (labelled[name] ?? true) !== this.#errs(question, document.text, name);
      return [name, { reason: 'the label says so', verdict }] as const;
    });
    return criteriaAnswer(kind, document.id, Object.fromEntries(judged));
  }

  /** Writes any answer: a judge's from the labels, any other as the offline model does. */
  write(messages: ChatMessage[]): string {
    return this.answer(messages) ?? offlineAnswer(messages);
  }

  #add(row: unknown): void {
    if (!isRecord(row) || typeof row.question !== 'string' || typeof row.document !== 'string') {
      throw new TypeError('question and document must be texts');
    }
    const key = pairKey(row.question, row.document);
    if (isRecord(row.criteria)) {
      this.#criteria.set(key, row.criteria as Criteria);
      return;
    }
    if (!documentVerdicts.includes(row.verdict as never))
      throw new TypeError(`verdict must be ${documentVerdicts.join(', ')}`);
    this.#verdicts.set(key, row.verdict as string);
  }

  #errs(question: string, document: string, criterion: string): boolean {
    const { errors, seed } = this.#options;
    return errors > 0 && seededRandom('judge', seed, question, document, criterion)() < errors;
  }
}

function pairKey(question: string, document: string): string {
  return createHash('sha1')
    .update(JSON.stringify([question.trim(), document.trim()]))
    .digest('base64');
}
